// app/terminal.h — the only way to print. On a terminal: colour and live progress; into a pipe or a file: plain lines.
//
// Standard output carries what was asked for (listings, JSON); everything else goes to standard error. NO_COLOR is
// honoured. Threads: any; a line is written whole.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace streamops::app {

class Terminal {
 public:
  Terminal();

  bool is_interactive() const { return interactive_; }

  /// A line of the answer, to standard output.
  void print(std::string_view line);
  /// A line about what is going on, to standard error.
  void note(std::string_view line);
  void warn(const Error& error);
  /// The full report of an error, with caret and hint, to standard error.
  void fail(const Error& error);

  /// Columns under headings, as wide as they need to be; numbers (right-aligned) are recognised by their heading's ">"
  /// prefix.
  void table(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows);

  /// Replaces the last progress line on a terminal; elsewhere prints it only when it is `final`.
  void progress(std::string_view line, bool final);

  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string green(std::string_view text) const { return paint("32", text); }
  std::string red(std::string_view text) const { return paint("31", text); }
  std::string cyan(std::string_view text) const { return paint("36", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const;
  void clear_progress();

  std::mutex mutex_;  // of both outputs and of the progress line
  bool interactive_;
  bool colour_;
  bool progress_shown_ = false;
};

/// Columns a text takes on screen: code points, wide East Asian ones twice.
std::size_t display_width(std::string_view text);

}  // namespace streamops::app
