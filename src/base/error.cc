#include "base/error.h"

#include <algorithm>
#include <cctype>

namespace streamops {

std::string_view to_string(Blame blame) {
  switch (blame) {
    case Blame::user:
      return "user";
    case Blame::external:
      return "external";
    case Blame::system:
      return "system";
    case Blame::bug:
      return "bug";
  }
  return "bug";
}

const ErrorInfo* find_error(std::string_view code) {
  std::string wanted;
  for (char c : code) wanted += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (!wanted.starts_with("SO-")) wanted = "SO-" + wanted;
  for (const ErrorInfo* info : error_catalogue()) {
    if (info->code == wanted) return info;
  }
  return nullptr;
}

Error::Error(const ErrorInfo& info, std::string message)
    : detail_(std::make_shared<Detail>(Detail{&info, std::move(message), {}, {}, nullptr})) {}

std::string_view Error::hint() const {
  return detail_->hint.empty() ? std::string_view(detail_->info->hint) : std::string_view(detail_->hint);
}

Error Error::with_place(Place place) const {
  Detail copy = *detail_;
  copy.place = std::make_shared<const Place>(std::move(place));
  return Error(std::make_shared<const Detail>(std::move(copy)));
}

Error Error::with_label(std::string label) const {
  Detail copy = *detail_;
  copy.label = std::move(label);
  return Error(std::make_shared<const Detail>(std::move(copy)));
}

Error Error::with_hint(std::string hint) const {
  Detail copy = *detail_;
  copy.hint = std::move(hint);
  return Error(std::make_shared<const Detail>(std::move(copy)));
}

Error Error::in(std::string_view context) const {
  Detail copy = *detail_;
  copy.message = fmt::format("{}: {}", context, copy.message);
  return Error(std::make_shared<const Detail>(std::move(copy)));
}

std::string Error::to_line() const {
  std::string line = fmt::format("{}: {}", code(), message());
  if (const Place* where = place()) {
    line += fmt::format(" ({}:{}:{})", where->file.empty() ? "input" : where->file, where->line, where->column);
  }
  return line;
}

std::string Error::to_report() const {
  std::string report = fmt::format("error {}: {}\n", code(), message());
  if (const Place* where = place()) {
    const std::string number = std::to_string(where->line);
    const std::string gutter(number.size(), ' ');
    report += fmt::format("{}--> {}:{}:{}\n", gutter, where->file.empty() ? "input" : where->file, where->line,
                          where->column);
    if (!where->source_line.empty()) {
      const std::string blanks(where->column > 0 ? where->column - 1 : 0, ' ');
      const std::string carets(std::max<std::uint32_t>(where->width, 1), '^');
      report += fmt::format("{} |\n{} | {}\n{} | {}{}", gutter, number, where->source_line, gutter, blanks, carets);
      report += label().empty() ? "\n" : " " + label() + "\n";
    }
  }
  if (!label().empty() && (place() == nullptr || place()->source_line.empty())) {
    report += fmt::format("  {}\n", label());
  }
  if (!hint().empty()) report += fmt::format("  = help: {}\n", hint());
  report += fmt::format("  = more: streamops explain {}\n", code());
  return report;
}

}  // namespace streamops
