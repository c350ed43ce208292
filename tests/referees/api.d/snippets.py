"""Writes the TypeScript and the workflows of the guides into files of their own."""

import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True)
(folder / "package.json").write_text('{"type": "module"}\n')
count = {"ts": 0, "yaml": 0}
for guide in [*sorted(pathlib.Path("docs/guides").glob("*.md")), pathlib.Path("docs/webhooks.md")]:
    for nth, (language, text) in enumerate(re.findall(r"```(ts|yaml)\n(.*?)```", guide.read_text(), re.S)):
        ending = "yml" if language == "yaml" else language
        (folder / f"{guide.stem}-{nth}.{ending}").write_text(text)
        count[language] += 1
print(f"snippets: {count['ts']} in TypeScript, {count['yaml']} workflows")
sys.exit(not all(count.values()))
