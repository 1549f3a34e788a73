"""`training`, ready at once: for processes that others are forked from, which inherit what was imported and made."""

import ascension_core.report.program_page
import ascension_core.training.adaptation
import ascension_core.training.assessing
import ascension_core.training.calendar
import ascension_core.training.program
import ascension_core.training.weakest  # noqa: F401
from ascension_core.pipelines.training import make_program, warm

__all__ = ["make_program", "warm"]

warm()
