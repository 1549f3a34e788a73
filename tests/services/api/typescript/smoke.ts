// Speaks to the API with types that were made from its OpenAPI document; `npx openapi-typescript` writes schema.d.ts.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({
  baseUrl: process.env.API!,
  headers: { Authorization: `Bearer ${process.env.KEY}` },
});

function given<T>(data: T | undefined, error: unknown): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

const made = await client.POST("/athletes", { body: { name: "Ida", document: {} } });
const ida: components["schemas"]["Athlete"] = given(made.data, made.error);

const announced = await client.POST("/videos", {
  body: { athlete_id: ida.id, file_name: "clip.mp4", content_type: "video/mp4", bytes: 5, method: "PUT" },
});
const upload: components["schemas"]["Upload"] = given(announced.data, announced.error).upload;

const refused = await client.POST("/jobs", {
  body: { kind: "vision", video_id: announced.data!.video.id, parameters: { model: "lite" }, priority: "high" },
});
const problem: components["schemas"]["Problem"] | undefined = refused.error;

const listed = await client.GET("/videos", { params: { query: { athlete_id: ida.id, limit: 10 } } });
const status: "expected" | "stored" = given(listed.data, listed.error).items[0].status;

const gone = await client.DELETE("/athletes/{athlete_id}", { params: { path: { athlete_id: ida.id } } });

console.log(
  JSON.stringify({
    athlete: ida.name,
    method: upload.method,
    problem: problem?.type,
    status,
    complete: given(gone.data, gone.error).complete,
  }),
);
