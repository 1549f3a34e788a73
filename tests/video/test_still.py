"""Pictures of every kind come out upright in 8-bit RGB; what is no picture is said to be none."""

import numpy as np
import pytest
from PIL import Image

from ascension_core.errors import ImageTooLarge, UnreadableImage
from ascension_core.settings import settings
from ascension_core.video.still import is_still, read_still

RED = np.full((40, 60, 3), (200, 40, 30), np.uint8)
RED[:, 30:] = (30, 40, 200)


def saved(tmp_path, picture, name, **options):
    path = tmp_path / name
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tiff", "a.webp"])
def test_reads_what_was_written(tmp_path, name):
    options = {"lossless": True} if name.endswith("webp") else {}
    np.testing.assert_array_equal(read_still(saved(tmp_path, Image.fromarray(RED), name, **options)), RED)


def test_turns_a_photo_upright_as_its_camera_noted(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held so that the picture has to be turned clockwise by 90 degrees
    image = read_still(saved(tmp_path, Image.fromarray(RED), "a.jpg", exif=exif, quality=95))
    assert image.shape == (60, 40, 3)
    assert image[5, 20, 0] > image[5, 20, 2]
    assert image[55, 20, 2] > image[55, 20, 0]


def test_grey_and_deep_grey_and_palette_become_rgb(tmp_path):
    grey = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (40, 1))
    for picture in (Image.fromarray(grey), Image.fromarray(grey.astype(np.uint16) * 256)):
        image = read_still(saved(tmp_path, picture, "grey.png"))
        np.testing.assert_array_equal(image, np.repeat(grey[..., None], 3, 2))
    image = read_still(saved(tmp_path, Image.fromarray(RED).convert("P"), "p.gif"))
    assert np.abs(image.astype(int) - RED).mean() < 30


def test_cmyk_becomes_rgb(tmp_path):
    image = read_still(saved(tmp_path, Image.fromarray(RED).convert("CMYK"), "a.jpg", quality=95))
    assert np.abs(image.astype(int) - RED).mean() < 8


def test_transparent_parts_lie_on_grey(tmp_path):
    layered = np.dstack([RED, np.full((40, 60), 255, np.uint8)])
    layered[:20, :, 3] = 0
    image = read_still(saved(tmp_path, Image.fromarray(layered), "a.png"))
    assert (image[:20] == 128).all()
    np.testing.assert_array_equal(image[20:], RED[20:])


def test_takes_the_first_picture_of_an_animation(tmp_path):
    frames = [Image.fromarray(RED), Image.fromarray(RED[:, ::-1].copy())]
    image = read_still(saved(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:]))
    assert image[5, 5, 0] > image[5, 5, 2]


@pytest.mark.parametrize("content", [b"", b"just words", b"\x89PNG\r\n\x1a\n garbage", b"GIF89a"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=r"a\.png"):
        read_still(path)


def test_a_photo_that_breaks_off_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8)
    path = saved(tmp_path, Image.fromarray(noise), "a.jpg")
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(UnreadableImage, match=r"cannot be read|damaged"):
        read_still(path)


def test_no_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.jpg", tmp_path):
        assert not is_still(path)
        with pytest.raises(UnreadableImage, match="cannot be read"):
            read_still(path)


def test_a_picture_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.fromarray(RED), "a.png")
    monkeypatch.setenv("ASCENSION_MAX_IMAGE_PIXELS", "2399")
    settings.cache_clear()
    try:
        with pytest.raises(ImageTooLarge, match="2400 pixels"):
            read_still(path)
    finally:
        settings.cache_clear()


def test_a_picture_is_told_from_a_video_and_from_words(tmp_path, synthetic_clip):
    words = tmp_path / "words.jpg"
    words.write_text("hello")
    assert is_still(saved(tmp_path, Image.fromarray(RED), "a.png"))
    assert not is_still(words)
    assert not is_still(synthetic_clip)
