import io
import logging

from salus.kernel.logs import Formatter


def test_an_exception_is_logged_by_place_and_type_without_its_text() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Formatter("%(levelname)s %(message)s"))
    logger = logging.Logger("test")  # noqa: LOG001  # one of its own
    logger.addHandler(handler)
    number, name = "1893120105732", "Anna Müller"  # the source line is shown, so not in it
    try:
        try:
            raise KeyError(number)
        except KeyError as error:
            raise ValueError(name) from error
    except ValueError:
        logger.exception("failed")
    text = written.getvalue()
    assert text.startswith("ERROR failed\n")
    assert "test_logs.py" in text
    assert text.rstrip().endswith("ValueError")
    assert "Müller" not in text
    assert "1893" not in text
