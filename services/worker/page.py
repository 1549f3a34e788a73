"""An executed notebook as one HTML file that loads nothing from anywhere."""

from __future__ import annotations

import logging
from functools import cache

from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

_WIDGET = "application/vnd.jupyter.widget-view+json"
"""Without a kernel a widget is an empty place; the picture that it brought stands for it."""
_POLICY = (
    "default-src 'none'; img-src data:; media-src data:; font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)
# JupyterLab's page without MathJax, RequireJS, Mermaid and widgets, which come from other people's servers. What a cell's
# output asks for is refused by the browser.
_TEMPLATE = f"""{{% extends 'lab/index.html.j2' %}}
{{% block html_head_js %}}<meta http-equiv="Content-Security-Policy" content="{_POLICY}">{{% endblock %}}
{{% block html_head_js_mathjax %}}{{% endblock %}}
{{% block html_head_js_mermaidjs %}}{{% endblock %}}
{{% block jupyter_widgets %}}{{% endblock %}}
"""


def page(notebook: NotebookNode, title: str) -> str:
    """The notebook with its code and outputs as HTML."""
    html, _ = _exporter().from_notebook_node(notebook, resources={"metadata": {"name": title}})
    return str(html)


@cache
def _exporter() -> HTMLExporter:
    log = logging.getLogger("nbconvert")
    log.setLevel(logging.ERROR)  # it misses a text for each picture
    exporter = HTMLExporter(raw_template=_TEMPLATE, log=log)  # type: ignore[no-untyped-call]
    known = exporter.default_config["NbConvertBase"]["display_data_priority"]
    exporter.config["NbConvertBase"]["display_data_priority"] = [kind for kind in known if kind != _WIDGET]
    return exporter
