"""Makes files/vega.min.js, the chart library of the page: Vega, Vega-Lite and vega-embed.

It is committed, since vl-convert, which bundles it without a network, is a large package that
only notebooks need, and takes seconds. A test says when it is another one than vl-convert's.

    python -m tools.chart_library
"""

from __future__ import annotations

import vl_convert

from pipeline.settings import ROOT

FILES = ROOT / "pipeline" / "outputs" / "page" / "files"
VEGA = FILES / "vega.min.js"
LICENCES = FILES / "vega.licenses.txt"
"""What the parts of the library are licensed under; their texts as their packages carry them."""


def bundle() -> str:
    """The library as vl-convert bundles it, behind the licences of its parts.

    The texts stand in the file itself, since the page that carries it is copied on its own.
    """
    versions = (
        f"Vega {vl_convert.get_vega_version()}, vega-embed {vl_convert.get_vega_embed_version()}, "
        f"Vega-Lite {vl_convert.get_vegalite_versions()[-1]}"
    )
    # its type stub forgets the default
    library = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    return f"/*! {versions}.\n\n{LICENCES.read_text(encoding='utf-8')}*/\n{library.strip()}\n"


if __name__ == "__main__":
    VEGA.write_text(bundle(), encoding="utf-8")
