"""What indexers and authors attached: MeSH, chemicals, publication types, keywords."""

from __future__ import annotations

from pipeline.pubmed.parsing.context import Context, Element


def mesh_heading_list(context: Context, element: Element) -> None:
    """MeshHeadingList: one row a descriptor and qualifier pair.

    `is_auto_hm` of a row is the descriptor's AutoHM, else the qualifier's.
    """
    context.bare(element)
    rows, _ = context.rows("mesh_headings")
    heading_no = rows[-1][1] if rows and rows[-1][0] == context.record_no else 0
    for heading in context.children(element, "MeshHeading"):
        heading_no += 1
        name = ""
        is_major, auto, kind, ui = False, None, None, None
        qualifiers: list[tuple[bool | None, bool | None, str | None, str | None]] = []
        for part in heading:
            if part.tag == "DescriptorName" and name:
                context.again(heading, part)
            elif part.tag == "DescriptorName":
                is_major, auto, kind, ui = context.vocabulary.descriptor[tuple(part.items())]
                name = context.flat(part) or ""
            elif part.tag == "QualifierName":
                major, own_auto, own_ui = context.vocabulary.qualifier[tuple(part.items())]
                qualifiers.append((major, own_auto, own_ui, context.flat(part)))
            else:
                context.unknown(heading, part)
        start = 1 if qualifiers else 0
        for number, (major, own_auto, own_ui, qualifier) in enumerate(
            qualifiers or [(None, None, None, None)], start
        ):
            rows.append(
                (
                    context.record_no,
                    heading_no,
                    number,
                    ui,
                    name,
                    is_major,
                    kind,
                    own_auto if auto is None else auto,
                    own_ui,
                    qualifier,
                    major,
                )
            )


def chemical_list(context: Context, element: Element) -> None:
    """ChemicalList, one row a Chemical."""
    context.bare(element)
    rows, position = context.rows("chemicals")
    for child in context.children(element, "Chemical"):
        position += 1
        number = ui = None
        name = ""
        for part in child:
            if part.tag == "RegistryNumber":
                number = context.only(number, child, part)
            elif part.tag == "NameOfSubstance" and name:
                context.again(child, part)
            elif part.tag == "NameOfSubstance":
                ui = context.vocabulary.substance[tuple(part.items())]
                name = context.flat(part) or ""
            else:
                context.unknown(child, part)
        rows.append((context.record_no, position, ui, name, number))


def supplementary_list(context: Context, element: Element) -> None:
    """SupplMeshList, one row a SupplMeshName."""
    context.bare(element)
    rows, position = context.rows("supplementary_concepts")
    for child in context.children(element, "SupplMeshName"):
        position += 1
        ui, kind = context.vocabulary.supplement[tuple(child.items())]
        rows.append((context.record_no, position, ui, context.flat(child) or "", kind))


def keyword_list(context: Context, element: Element) -> None:
    """KeywordList of one owner; a record can have several."""
    owner = context.vocabulary.keyword_list[tuple(element.items())]
    rows, position = context.rows("keywords")
    for child in context.children(element, "Keyword"):
        position += 1
        is_major = context.vocabulary.keyword[tuple(child.items())]
        rows.append((context.record_no, position, owner, context.flat(child) or "", is_major))


def publication_type_list(context: Context, element: Element) -> None:
    """PublicationTypeList of an article."""
    context.bare(element)
    for child in context.children(element, "PublicationType"):
        publication_type(context, child)


def publication_type(context: Context, element: Element) -> None:
    """One PublicationType; a BookDocument has them without a list around."""
    rows, position = context.rows("publication_types")
    ui = context.vocabulary.publication_type[tuple(element.items())]
    rows.append((context.record_no, position + 1, ui, context.flat(element) or ""))
