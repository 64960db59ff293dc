"""The texts of verification: real, plentiful, the same every time."""

from __future__ import annotations

from export.verification.corpus import awkward_texts, code_files


def test_several_hundred_files_from_all_over_the_standard_library() -> None:
    files = code_files(400)
    assert len(files) == 400
    assert len({file.name for file in files}) == 400
    assert len({file.name.split("/")[0] for file in files}) > 50
    assert [file.name for file in files] == [file.name for file in code_files(400)]
    assert not any("site-packages" in file.name for file in files)


def test_awkward_strings_have_digits_special_names_and_other_scripts() -> None:
    joined = "".join(text.content for text in awkward_texts())
    for piece in ("\r\n", "1234567890", "<|im_start|>", "日本語", "\x00", "\u200d", "    "):
        assert piece in joined
