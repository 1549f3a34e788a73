import re

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from services.worker.page import page


def test_page_shows_code_and_output_and_loads_nothing():
    outputs = [
        new_output("stream", name="stdout", text="forty-two\n"),
        new_output("display_data", data={"image/png": "iVBORw0KGgo="}),
    ]
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2, "version_minor": 0}}
    notebook = new_notebook(
        cells=[new_markdown_cell("# Title $x^2$"), new_code_cell("print(6 * 7)", outputs=outputs)],
        metadata={"widgets": widgets},
    )
    html = page(notebook, "<vision>")
    assert "forty-two" in html
    assert "<title>&lt;vision&gt;</title>" in html
    assert re.findall(r"""(?:src|href)=["']?(?!data:|#)[^"'>]+""", html) == []
    assert re.findall(r"url\((?!['\"]?data:)[^)]+\)|@import", html) == []
    assert """content="default-src 'none'""" in html


def test_in_place_of_a_widget_stands_the_picture_that_it_brought():
    bundle = {"application/vnd.jupyter.widget-view+json": {"model_id": "gone"}, "image/png": "iVBORw0KGgo="}
    shown = new_notebook(cells=[new_code_cell("player", outputs=[new_output("display_data", data=bundle)])])
    html = page(shown, "explore")
    assert "data:image/png;base64,iVBORw0KGgo=" in html
    assert "gone" not in html
