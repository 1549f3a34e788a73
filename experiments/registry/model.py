"""The pipeline version as an MLflow model: this file is logged with the version ("models from code") and run by MLflow.

mlflow.pyfunc.load_model("models:/training@champion").predict(pandas.DataFrame({"athlete": ['{"mass_kg": 70, ...}']}))
"""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from ascension_core.pipelines import versions


class PipelineModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]  # MLflow has no types
    """Answers with the JSON documents of `ascension_core.results`, one for each row."""

    def load_context(self, context: Any) -> None:
        """Read and check the version."""
        self.version = versions.load(Path(context.artifacts["bundle"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> list[str]:
        """Run the pipeline on each row: a path for vision and hold_detector, an athlete's document for the others."""
        return [self._answer(str(given)).model_dump_json() for given in model_input.iloc[:, 0]]

    def _answer(self, given: str) -> Any:
        with tempfile.TemporaryDirectory(prefix="ascension-") as scratch:
            if self.version.pipeline == "vision":
                from ascension_core.pipelines.vision import analyze

                return analyze(Path(given), Path(scratch), versions.options(self.version, overlay=False, report=False))
            if self.version.pipeline == "hold_detector":
                from ascension_core.pipelines.holds import map_holds

                return map_holds(Path(given), Path(scratch), version=self.version)
        return self._of_athlete(given)

    def _of_athlete(self, document: str) -> Any:
        from ascension_core.pipelines.assessment import assessed
        from ascension_core.pipelines.training import planned
        from ascension_core.training.athlete import Athlete

        athlete = Athlete.parse(json.loads(document))
        if self.version.pipeline == "strength":
            return assessed(athlete, date.today(), self.version)
        return planned(athlete, versions.options(self.version))


mlflow.models.set_model(PipelineModel())
