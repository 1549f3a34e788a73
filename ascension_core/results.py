"""The JSON contract that every client reads.

Documents carry `schema_version`; a field may be added within a major version, never renamed or removed.
Times are milliseconds from the first frame's timestamp; image coordinates belong to the upright frame.
"""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Contract(BaseModel):
    """Base of every part of the contract: immutable, and strict about what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Software(Contract):
    """What produced a document."""

    name: str = "ascension"
    version: str


class ModelVersion(Contract):
    """One file of weights that took part."""

    name: str
    sha256: str


class PipelineRun(Contract):
    """Which version of a pipeline answered."""

    name: str
    version: int | None = Field(None, description="number in the registry; null where what is installed answered")
    commit: str | None = Field(None, description="commit of the version's code")
    departs: list[str] = Field(
        default_factory=list,
        description="what was not as in the version: options that the request changed, `code` where other code ran",
    )


class Video(Contract):
    """The video as it was found."""

    file_name: str
    sha256: str
    bytes: int
    width: int = Field(description="pixels, upright")
    height: int = Field(description="pixels, upright")
    rotation_deg: int = Field(description="clockwise turn that the player applies; already applied to everything here")
    codec: str
    frame_rate: float = Field(description="mean frames per second")
    variable_frame_rate: bool
    duration_ms: float
    frames: int = Field(description="frames that could be decoded")
    truncated: bool = Field(description="the file ends early or has damaged parts; what could be read was analysed")
    has_audio: bool


class Person(Contract):
    """Someone who was seen in the video."""

    id: int
    is_climber: bool
    first_ms: float
    last_ms: float
    seen_fraction: float = Field(ge=0, le=1, description="share of the clip's frames in which this person was found")
    box: tuple[float, float, float, float] = Field(description="median x, y, width, height, normalised to the frame")
    climber_score: float = Field(ge=0, le=1, description="how much this person behaves like the one who climbs")


class Note(Contract):
    """Something that the reader of the result must know."""

    code: str
    message: str


class Summary(Contract):
    """The result in a few numbers."""

    frames: int = Field(description="frames of the video")
    frames_observed: int = Field(description="frames in which the climber was measured")
    frames_interpolated: int = Field(description="further frames whose pose is interpolated between measured ones")
    people: int = Field(description="persons seen")
    first_seen_ms: float | None
    last_seen_ms: float | None
    mean_visibility: float = Field(
        ge=0, le=1, description="mean calibrated visibility of the twelve body joints where observed"
    )
    warnings: list[Note]


class Measure(Contract):
    """One body measure over the climb; its series can be computed from the track."""

    name: str
    unit: str
    median: float | None
    p10: float | None
    p90: float | None
    coverage: float = Field(ge=0, le=1, description="share of frames in which it could be measured")


class TrackReference(Contract):
    """Where the per-frame keypoints are."""

    file: str
    format: Literal["ascension.track"] = "ascension.track"
    version: int
    sha256: str
    bytes: int


class WallHold(Contract):
    """One hold or volume; places are in wall coordinates, as shares of the reference frame (beyond 0 to 1 outside of it)."""

    id: str
    kind: Literal["hold", "volume"]
    box: tuple[float, float, float, float] = Field(description="x, y, width, height")
    outline: list[tuple[float, float]] = Field(description="corners of the polygon around it")
    colour: str | None = Field(description="named colour; null where it could not be told")
    confidence: float = Field(ge=0, le=1)
    inferred: bool = Field(description="not detected as a hold: a limb that rested there gave it away")


class WallRoute(Contract):
    """Holds of one colour that belong together."""

    colour: str
    holds: list[str] = Field(description="ids, from the lowest")
    climbed: bool
    start: list[str] = Field(description="ids of the holds that the climb started from; empty unless it was climbed")
    top: str | None = Field(description="id of the highest hold of the route")


class Estimate(Contract):
    """A value and how far off it may be."""

    value: float
    uncertainty: float = Field(description="half the width of the interval that holds the truth two times out of three")


class WallPicture(Contract):
    """The mosaic of the wall without people."""

    file: str
    width: int
    height: int
    origin: tuple[float, float] = Field(description="wall coordinates (shares of the reference frame) of its left upper corner")
    scale: float = Field(description="its pixels per pixel of the reference frame")


class Wall(Contract):
    """What was climbed on, and how the camera moved before it."""

    reference_ms: float = Field(description="time of the frame whose pixels are the wall coordinates")
    camera: Literal["static", "moving"]
    cuts_ms: list[float] = Field(description="times at which another shot begins")
    placed_fraction: float = Field(ge=0, le=1, description="share of the frames that could be placed on the wall")
    camera_file: str = Field(description="the transform of every frame to wall coordinates, see docs/wall.md")
    picture: WallPicture | None
    overhang_deg: Estimate | None = Field(description="rough: 0 vertical, positive overhanging; null where it cannot be told")
    holds: list[WallHold]
    routes: list[WallRoute]


class ContactSpan(Contract):
    """One limb on one hold, on the bare wall (`smear`) or on the ground."""

    limb: Literal["left_hand", "right_hand", "left_foot", "right_foot"]
    hold: str = Field(description="id of the hold, `smear` or `ground`")
    start_ms: float
    end_ms: float
    place: tuple[float, float] = Field(description="wall coordinates, shares of the reference frame")
    confidence: float = Field(ge=0, le=1)
    start_open: bool = Field(description="it was touching already when it was first seen")
    end_open: bool = Field(description="it was touching still when it was last seen")


class ClimbMove(Contract):
    """One limb from one hold to the next."""

    limb: Literal["left_hand", "right_hand", "left_foot", "right_foot"]
    source: str | None = Field(
        description="where it came from: hold id, `smear`, `ground`, null where the limb came from out of sight"
    )
    target: str | None
    start_ms: float
    end_ms: float
    reach_torsos: float | None
    style: Literal["static", "dynamic", "dyno"] | None
    readjustment: bool = Field(description="the limb came back to the hold that it left")


class ClimbSpan(Contract):
    """A stretch of the climb with a name."""

    kind: Literal["rest", "shake", "cut_loose"]
    start_ms: float
    end_ms: float
    limb: Literal["left_hand", "right_hand", "left_foot", "right_foot"] | None


class Climb(Contract):
    """The climb within the clip."""

    start_ms: float
    end_ms: float
    ending: Literal["top", "fall", "down", "unknown"]
    start_holds: list[str]
    top_hold: str | None
    moves: list[ClimbMove]
    spans: list[ClimbSpan]


class MovementMeasure(Contract):
    """How the climb was moved, in one number."""

    name: str
    title: str
    value: float | None = Field(description="null where too little was seen")
    unit: str
    low: float | None = Field(None, description="usual range, only where a source gives one")
    high: float | None = None
    coverage: float = Field(ge=0, le=1, description="share of the climb that it rests on")
    meaning: str = Field(description="what it says, in a sentence")
    source: str = Field(description="where the formula comes from")


class HoldMap(Contract):
    """The holds of one picture or video; a video's reference frame stands for the picture."""

    kind: Literal["holds"] = "holds"
    schema_version: Literal["1.0"] = "1.0"
    created_at: datetime
    software: Software
    pipeline: PipelineRun | None = None
    models: list[ModelVersion]
    source: Literal["image", "video"]
    file_name: str
    sha256: str
    width: int = Field(description="pixels of the upright picture")
    height: int
    picture: WallPicture = Field(description="what the holds are drawn on: for a video the wall without people")
    views: int = Field(description="pictures that were looked at: frames of a video and the wall put together from them")
    holds: list[WallHold]
    routes: list[WallRoute]
    warnings: list[Note]
    seconds: dict[str, float] = Field(description="time taken by each stage")


class StillPerson(Contract):
    """Someone in a picture."""

    score: float = Field(ge=0, le=1, description="mean visibility of the twelve joints from shoulders to ankles")
    box: tuple[float, float, float, float] = Field(description="x, y, width, height around the keypoints, normalised")
    keypoints: list[tuple[float, float, float]] = Field(
        description="33 times x, y, visibility; x and y normalised to the upright picture, visibility calibrated"
    )
    world: list[tuple[float, float, float]] = Field(description="33 times x, y, z in metres, hips at the origin")


class Skeletons(Contract):
    """Everyone in one picture."""

    kind: Literal["skeletons"] = "skeletons"
    schema_version: Literal["1.0"] = "1.0"
    software: Software
    pipeline: PipelineRun | None = None
    models: list[ModelVersion]
    width: int = Field(description="pixels of the upright picture")
    height: int
    people: list[StillPerson] = Field(description="the surest first; empty where there is nobody")
    seconds: float = Field(description="time taken")


class SkeletonFrame(Contract):
    """The climber in one frame of a stream."""

    index: int = Field(description="position among the decoded frames, from 0")
    time_ms: float
    keypoints: list[tuple[float, float, float]] | None = Field(
        description="33 times x, y, visibility, as in a picture; null where the climber was not seen"
    )


class Analysis(Contract):
    """What one video showed."""

    kind: Literal["analysis"] = "analysis"
    schema_version: Literal["1.1"] = "1.1"
    created_at: datetime
    software: Software
    pipeline: PipelineRun | None = None
    models: list[ModelVersion]
    options: dict[str, str | int | float | bool | None]
    video: Video
    people: list[Person]
    summary: Summary
    measures: list[Measure]
    wall: Wall | None = Field(None, description="null where it was not asked for, or no wall could be seen")
    contacts: list[ContactSpan] = Field(default_factory=list, description="in the order of their starts")
    climb: Climb | None = Field(None, description="null where nobody was seen to climb")
    movement: list[MovementMeasure] = Field(default_factory=list, description="of the climb alone")
    track: TrackReference
    seconds: dict[str, float] = Field(description="time taken by each stage of the pipeline")


class AthleteSummary(Contract):
    """Who a program was made for, as far as the program depends on it."""

    id: str | None
    name: str | None
    age_years: float
    mass_kg: float
    years_climbing: float
    boulder_grade: str | None
    sport_grade: str | None
    minutes_per_week: int = Field(description="time available, all days together")
    equipment: list[str]
    injuries: list[str] = Field(description="one line each: site, side, severity")


class ProgramGoal(Contract):
    """What the program leads to."""

    grade: str | None = Field(description="None when no grade was asked for: the program then builds all-round fitness")
    system: str | None
    style: str
    date: dt.date | None = Field(description="the date asked for; None when there was none")
    weakest_link: str | None = Field(description="the quality trained first, by comparison with the tests")


class Intensity(Contract):
    """How heavy or how hard an exercise is, for people (`text`) and for programs (the rest, None where it does not apply)."""

    text: str
    test: str | None = Field(None, description="the field of the assessment that the percentage refers to")
    percent: float | None = Field(None, description="per cent of the test's total load (body mass included)")
    total_kg: float | None = Field(None, description="load on the hands or the bar, body mass included")
    added_kg: float | None = Field(None, description="load on the belt; negative is assistance, as from a pulley or a band")


class PlannedExercise(Contract):
    """One exercise of a session."""

    exercise_id: str
    name: str
    description: str = Field("", description="what is done, in a sentence")
    quality: str = Field(description="what it trains")
    part: Literal["warm_up", "main", "supplement", "cool_down"]
    sets: int = Field(ge=1)
    reps: int | None = Field(None, description="repetitions a set; None where a set is a time")
    duration_s: float | None = Field(None, description="seconds of work of one repetition (or of the set where reps is None)")
    rest_s: float = Field(ge=0, description="rest between sets")
    minutes: float = Field(gt=0, description="with its rests")
    intensity: Intensity
    effort: float = Field(ge=0, le=10, description="planned effort, 0 to 10 (CR-10)")
    why: str
    cues: list[str]


class PlannedSession(Contract):
    """One session on one day."""

    id: str
    date: dt.date
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    kind: str
    title: str
    status: Literal["planned", "done", "skipped"] = "planned"
    is_hard: bool = Field(description="needs an easy or a free day beside it")
    loads_fingers_maximally: bool = Field(description="48 h lie between two of these")
    minutes: int
    planned_effort: float = Field(ge=0, le=10)
    planned_load: float = Field(description="session-RPE load: minutes times effort")
    done_load: float | None = Field(None, description="the same from the log; 0 when skipped, None when not yet known")
    why: str
    exercises: list[PlannedExercise]


class Week(Contract):
    """Seven days from a Monday."""

    index: int = Field(ge=1)
    start_date: dt.date
    mesocycle: str
    focus: str
    is_baseline: bool = Field(description="finds the load that the athlete is used to; the ramp starts after it")
    is_deload: bool
    is_taper: bool
    planned_load: float = Field(description="sum over the planned sessions")
    load_ceiling: float = Field(description="what the planned load may not exceed")
    other_load: float = Field(description="load of other sports, on top")
    done_load: float | None = Field(None, description="sum over the log, None while nothing is logged")
    sessions: list[PlannedSession]


class Mesocycle(Contract):
    """Some weeks with one purpose."""

    name: str
    title: str
    first_week: int
    weeks: int
    qualities: list[str] = Field(description="what is trained, the most important first")
    why: str


class LoadPoint(Contract):
    """One week of the load curve."""

    week: int
    start_date: dt.date
    planned: float
    ceiling: float
    other: float
    done: float | None


class Relaxation(Contract):
    """A wish that could not be met."""

    wish: str
    clashes_with: list[str]
    instead: str


class Substitution(Contract):
    """An exercise that was replaced."""

    exercise_id: str
    replaced_by: str | None = Field(description="None when it was left out")
    reason: str


class Source(Contract):
    """Where a rule or an exercise comes from."""

    id: str
    text: str


class Program(Contract):
    """A training program: macrocycle, mesocycles, weeks, sessions, exercises, and why."""

    kind: Literal["program"] = "program"
    schema_version: Literal["1.0"] = "1.0"
    created_on: dt.date
    revised_on: dt.date | None = Field(None, description="the day of the last adaptation")
    software: Software
    pipeline: PipelineRun | None = None
    seed: int
    athlete: AthleteSummary
    goal: ProgramGoal
    start: dt.date
    end: dt.date
    mesocycles: list[Mesocycle]
    weeks: list[Week]
    load: list[LoadPoint]
    explanations: list[Note]
    relaxed: list[Relaxation]
    substitutions: list[Substitution]
    warnings: list[Note]
    disclaimers: list[str]
    sources: list[Source]


class ExpectedGrade(Contract):
    """What climbers with such tests climb, in one discipline."""

    discipline: Literal["boulder", "route"]
    system: str = Field(description="grading system of `grade`, `low` and `high`")
    grade: str
    low: str
    high: str
    also: str = Field(description="`grade` in another system, a range where the two do not meet")
    coverage: float = Field(description="share of climbers whose hardest grade of the past year lies between low and high")
    current: str | None = Field(description="the grade that the athlete gave")
    current_is: Literal["above", "within", "below"] | None = Field(description="where `current` lies beside low to high")


class Standing(Contract):
    """One test beside those of other climbers; None where it was not done or nobody is there to compare with."""

    name: str
    title: str
    unit: str
    value: float | None
    error: float | None = Field(description="standard error of measurement of `value`, in its unit")
    error_is_assumed: bool = Field(description="no published figure for this very test is known; a cautious one was taken")
    percentile_all: float | None = Field(description="share (%) of all climbers of the same sex below")
    percentile_now: float | None = Field(description="share (%) of climbers of the grade that the athlete climbs below")
    percentile_now_range: tuple[float, float] | None = Field(description="the same, one measurement error lower and higher")
    median_now: float | None
    people_now: int | None
    who_now: str | None = Field(description="who those people are; of neighbouring grades where too few are of the very grade")
    percentile_goal: float | None = Field(description="share (%) of climbers of the goal grade below")
    percentile_goal_range: tuple[float, float] | None
    median_goal: float | None
    people_goal: int | None
    who_goal: str | None


class WeakestLink(Contract):
    """The test behind the climbers of the goal grade (of the own one without a goal) that costs most grades."""

    name: str
    title: str
    percentile: float
    grades: float = Field(description="V grades that the gap to the middle of those climbers is worth in the model")
    is_clear: bool = Field(description="false where measurement error alone could make another test the weakest")
    reason: str


class ResultChange(Contract):
    """A test beside the last time that it was done."""

    test: str
    title: str
    unit: str
    before_date: dt.date | None
    after_date: dt.date | None
    before: float
    after: float
    smallest_detectable: float | None = Field(description="smaller differences are measurement error (95 %)")
    verdict: Literal["progress", "decline", "no detectable change", "not comparable"]
    why_not: str


class AssessmentReport(Contract):
    """What an athlete's tests say: expected grades, standing among other climbers, the weakest link, what changed."""

    kind: Literal["assessment"] = "assessment"
    schema_version: Literal["1.0"] = "1.0"
    created_on: dt.date
    software: Software
    pipeline: PipelineRun | None = None
    models: list[ModelVersion]
    athlete: AthleteSummary
    tested_on: dt.date | None
    compared_with_now: str = Field(description="who the athlete is compared with, in words")
    compared_with_goal: str | None
    expected: list[ExpectedGrade]
    standings: list[Standing]
    weakest: WeakestLink | None
    changes: list[ResultChange]
    missing: list[Note] = Field(description="tests and facts that would make this more certain")
    notes: list[Note]
    disclaimers: list[str]
    sources: list[Source]
