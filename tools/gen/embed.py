"""Makes a file part of the binary:  embed.py FILE FUNCTION OUT  writes `std::string_view FUNCTION()` in namespace streamops::app."""
import pathlib
import sys


def main():
    source, function, out = sys.argv[1:]
    text = pathlib.Path(source).read_text(encoding="utf-8")
    # String literals of one line each: a raw literal would be limited by its delimiter and by compilers' maximum length.
    lines = ['    "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"' for line in text.splitlines()]
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(out).write_text("\n".join([
        f"// Generated from {pathlib.Path(source).name} by tools/gen/embed.py.", "#include <string_view>", "",
        "namespace streamops::app {", "", f"std::string_view {function}();", "", f"std::string_view {function}() {{",
        "  return", *lines, "      ;", "}", "", "}  // namespace streamops::app", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
