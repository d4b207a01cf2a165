"""Turns the files of web/dist into C++: each gzipped, with its content type and an ETag made of its content.

    embed.py OUT FILE...
"""
import gzip
import hashlib
import pathlib
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml"}


def main():
    out, names = pathlib.Path(sys.argv[1]), sorted(sys.argv[2:])
    lines = ["// Generated from web/dist by web/embed.py.", '#include "console/impl/bundle.h"', "",
             "namespace streamops::console {", "", "namespace {", ""]
    entries = []
    for number, name in enumerate(names):
        path = pathlib.Path(name)
        content = path.read_bytes()
        packed = gzip.compress(content, 9, mtime=0)
        lines.append(f"constexpr unsigned char file_{number}[] = {{")
        lines += ["    " + ",".join(str(byte) for byte in packed[at:at + 32]) + "," for at in range(0, len(packed), 32)]
        lines.append("};")
        etag = hashlib.sha256(content).hexdigest()[:20]
        entries.append(f'    {{"{path.name}", "{TYPES[path.suffix]}", "\\"{etag}\\"", '
                       f"{{file_{number}, sizeof(file_{number})}}, {len(content)}}},")
    lines += ["", "}  // namespace", "", "std::span<const Asset> bundle() {", "  static const Asset assets[] = {"]
    lines += entries + ["  };", "  return assets;", "}", "", "}  // namespace streamops::console", ""]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
