#include "app/terminal.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace streamops::app {
namespace {

void write_line(std::FILE* to, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), to);
  std::fputc('\n', to);
  std::fflush(to);
}

std::string padded(std::string_view text, std::size_t width, bool right) {
  const std::string blanks(width - std::min(width, display_width(text)), ' ');
  return right ? blanks + std::string(text) : std::string(text) + blanks;
}

}  // namespace

Terminal::Terminal()
    : interactive_(::isatty(STDERR_FILENO) == 1),
      colour_(::isatty(STDOUT_FILENO) == 1 && interactive_ && std::getenv("NO_COLOR") == nullptr) {}

std::string Terminal::paint(std::string_view code, std::string_view text) const {
  return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void Terminal::clear_progress() {
  if (progress_shown_) std::fputs("\r\x1b[2K", stderr);
  progress_shown_ = false;
}

void Terminal::print(std::string_view line) {
  const std::lock_guard lock(mutex_);
  clear_progress();
  write_line(stdout, line);
}

void Terminal::note(std::string_view line) {
  const std::lock_guard lock(mutex_);
  clear_progress();
  write_line(stderr, line);
}

void Terminal::warn(const Error& error) {
  note(fmt::format("warning {}", error.to_line()));
}

void Terminal::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  clear_progress();
  std::string report = error.to_report();
  if (colour_ && report.starts_with("error")) report = red(bold("error")) + report.substr(5);
  std::fputs(report.c_str(), stderr);
  std::fflush(stderr);
}

void Terminal::table(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  std::vector<std::string> names;
  for (const std::string& heading : headings) {
    right.push_back(heading.starts_with('>'));
    names.push_back(right.back() ? heading.substr(1) : heading);
    widths.push_back(display_width(names.back()));
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  const auto line_of = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool last = i + 1 == cells.size();
      line += last && !right[i] ? cells[i] : padded(cells[i], widths[i], right[i]);
      if (!last) line += "  ";
    }
    return line;
  };
  print(bold(line_of(names)));
  for (const auto& row : rows) print(line_of(row));
}

void Terminal::progress(std::string_view line, bool final) {
  const std::lock_guard lock(mutex_);
  if (!interactive_) {
    if (final) write_line(stderr, line);
    return;
  }
  std::fprintf(stderr, "\r\x1b[2K%.*s", static_cast<int>(line.size()), line.data());
  if (final) std::fputc('\n', stderr);
  std::fflush(stderr);
  progress_shown_ = !final;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if ((lead & 0xC0) == 0x80) continue;  // inside of a code point
    // U+1100..U+115F, U+2E80..U+FFDC (mostly) and everything above the basic plane take two columns on terminals.
    width += lead >= 0xE3 && lead != 0xEF ? 2 : 1;
  }
  return width;
}

}  // namespace streamops::app
