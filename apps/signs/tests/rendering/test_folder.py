from pathlib import Path

import msgspec

from signs.rendering.folder import save
from signs.rendering.pictures import picture
from signs.rendering.signs import Sign, Text

SIGN = Sign((Text("現金のみ", "ja", ("Cash only", "Cash payment only")), Text("本日休業", "ja"), Text("EXIT", "en")))


def test_a_folder_holds_every_picture_with_its_truth(tmp_path: Path) -> None:
    made = [picture((SIGN,), 1), picture((), 2)]
    assert save(tmp_path / "new", ((each.content, each.lines) for each in made)) == 2
    first, second = map(msgspec.json.decode, (tmp_path / "new" / "truth.jsonl").read_bytes().splitlines())
    assert (tmp_path / "new" / first["file"]).read_bytes() == made[0].content
    assert (first["lang"], first["lines"]) == ("ja", ["現金のみ", "本日休業", "EXIT"])
    assert first["accepted"] == [["Cash only", "Cash payment only"], [], []]
    assert (second["lang"], second["lines"]) == ("", [])
