#include "sql/engine/functions/address.h"

#include <algorithm>

#include "errors/sql.h"
#include "sql/engine/characters.h"

namespace streamops::sql {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_number(char c) {
  return c >= '0' && c <= '9';
}

constexpr std::string_view unreserved_marks = "-_.!~*'()";
constexpr std::string_view anywhere = ";/?:@&=+$,[]";
constexpr std::string_view in_path = ":@&=+$,;/";
constexpr std::string_view in_registry = "$,;:@&=+";
constexpr std::string_view in_user_info = ";:&=+$,";

/// Characters beyond ASCII that are neither blanks nor controls may stand for themselves.
bool is_other(std::uint32_t point) {
  const bool blank = point == 0xA0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
                     point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
  return point > 0xA0 && !blank;
}

/// Letters, digits, marks, escapes, and the signs of `extra`.
bool is_legal(std::string_view text, std::string_view extra) {
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    const std::uint32_t point = code_point_at(text, at, length);
    const char c = text[at];
    if (point >= 0x80) {
      if (!is_other(point)) return false;
    } else if (c == '%') {
      const auto is_hex = [&](std::size_t i) {
        return i < text.size() && (is_number(text[i]) || (is_letter(text[i]) && (text[i] | 0x20) <= 'f'));
      };
      if (!is_hex(at + 1) || !is_hex(at + 2)) return false;
      length = 3;
    } else if (!is_letter(c) && !is_number(c) && unreserved_marks.find(c) == std::string_view::npos &&
               extra.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool is_ip_address(std::string_view host) {
  int parts = 0;
  for (std::size_t at = 0; at <= host.size(); ++parts) {
    const std::size_t end = std::min(host.find('.', at), host.size());
    int value = 0;
    if (end == at || end - at > 3) return false;
    for (; at < end; ++at) {
      if (!is_number(host[at])) return false;
      value = value * 10 + host[at] - '0';
    }
    if (value > 255) return false;
    at = end + 1;
  }
  return parts == 4;
}

/// Labels of letters, digits and inner hyphens; the last one begins with a letter. One dot may end the name.
bool is_host_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string_view last;
  for (std::size_t at = 0; at <= host.size();) {
    const std::size_t end = std::min(host.find('.', at), host.size());
    last = host.substr(at, end - at);
    if (last.empty() || last.front() == '-' || last.back() == '-') return false;
    if (!std::all_of(last.begin(), last.end(), [](char c) { return is_letter(c) || is_number(c) || c == '-'; }))
      return false;
    at = end + 1;
  }
  return !last.empty() && is_letter(last[0]);
}

/// Fills in host and user; leaves both out for an authority that names no server.
Result<void> read_server(Address& address, std::string_view authority) {
  std::string_view rest = authority;
  std::optional<std::string> user;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    if (!is_legal(rest.substr(0, at), in_user_info)) return Ok();
    user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  std::size_t end = rest.find(':');
  if (rest.starts_with('[')) {
    const std::size_t closed = rest.find(']');
    const bool plain =
        closed != std::string_view::npos && closed > 3 &&
        rest.substr(1, closed - 1).find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
    if (!plain)
      return Error(errors::sql::not_served, "the address of IPv6 in '{}' is not served", authority.substr(0, 100));
    end = closed + 1 < rest.size() ? closed + 1 : std::string_view::npos;
    if (end != std::string_view::npos && rest[end] != ':') return Ok();
  }
  const std::string_view host = rest.substr(0, end);
  const std::string_view port = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  if (!std::all_of(port.begin(), port.end(), is_number) || port.size() > 9) return Ok();
  if (!host.starts_with('[') && !is_ip_address(host) && !is_host_name(host)) return Ok();
  address.host = host;
  address.user_info = user;
  return Ok();
}

Error no_address(std::string_view text) {
  return Error(errors::sql::invalid_input, "[INVALID_URL] '{}' is no address", text.substr(0, 100));
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  Address out;
  const Error bad = no_address(text);
  std::string_view rest = text;
  if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
    out.fragment = rest.substr(hash + 1);
    if (!is_legal(*out.fragment, anywhere)) return bad;
    rest = rest.substr(0, hash);
  }
  const std::size_t colon = rest.find_first_of(":/?");
  if (colon != std::string_view::npos && rest[colon] == ':') {
    const std::string_view scheme = rest.substr(0, colon);
    const bool good = !scheme.empty() && is_letter(scheme[0]) && std::all_of(scheme.begin(), scheme.end(), [](char c) {
      return is_letter(c) || is_number(c) || c == '+' || c == '-' || c == '.';
    });
    if (!good) return bad;
    out.scheme = scheme;
    rest.remove_prefix(colon + 1);
    if (rest.empty()) return bad;
    if (rest[0] != '/') return is_legal(rest, anywhere) ? Result<Address>(out) : Result<Address>(bad);
  }
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    out.query = rest.substr(mark + 1);
    if (!is_legal(*out.query, anywhere)) return bad;
    rest = rest.substr(0, mark);
  }
  if (rest.starts_with("//")) {
    const std::size_t end = std::min(rest.find('/', 2), rest.size());
    const std::string_view authority = rest.substr(2, end - 2);
    rest.remove_prefix(end);
    if (authority.empty() && rest.empty() && !out.query) return bad;
    if (!authority.empty()) {
      const bool bracketed = authority.find('[') != std::string_view::npos;
      if (!bracketed && !is_legal(authority, in_registry)) return bad;
      out.authority = authority;
      STREAMOPS_RETURN_IF_ERROR(read_server(out, authority));
      if (bracketed && !out.host) return bad;
    }
  }
  if (!is_legal(rest, in_path)) return bad;
  out.path = rest;
  return out;
}

}  // namespace streamops::sql
