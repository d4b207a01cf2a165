#include "connect/randomuser/people.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/bytes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "connect/randomuser/impl/nation.h"
#include "runtime/random.h"

namespace streamops::connect {
namespace {

constexpr std::array<std::string_view, 12> field_names = {"gender",     "name",  "location", "email", "login",   "dob",
                                                          "registered", "phone", "cell",     "id",    "picture", "nat"};
constexpr std::string_view adjectives[] = {"angry", "big",    "brown", "crazy",  "golden", "green",
                                           "happy", "heavy",  "lazy",  "little", "orange", "purple",
                                           "sad",   "silver", "tiny",  "yellow"};
constexpr std::string_view animals[] = {"bear",  "bird",   "butterfly", "cat",     "dog",   "duck", "elephant",
                                        "fish",  "frog",   "goose",     "gorilla", "koala", "lion", "ostrich",
                                        "panda", "rabbit", "snake",     "swan",    "tiger", "wolf", "zebra"};
constexpr std::string_view passwords[] = {"anvil",   "biscuit", "clover", "drummer", "ember",  "falcon",
                                          "glacier", "harbor",  "island", "jigsaw",  "kettle", "lantern",
                                          "magnet",  "nectar",  "orchid", "pepper"};
struct Zone {
  std::string_view offset;
  std::string_view description;
};
constexpr Zone zones[] = {{"-10:00", "Hawaii"},
                          {"-8:00", "Pacific Time (US & Canada)"},
                          {"-6:00", "Central Time (US & Canada), Mexico City"},
                          {"-5:00", "Eastern Time (US & Canada), Bogota, Lima"},
                          {"-3:30", "Newfoundland"},
                          {"-3:00", "Brazil, Buenos Aires, Georgetown"},
                          {"0:00", "Western Europe Time, London, Lisbon, Casablanca"},
                          {"+1:00", "Brussels, Copenhagen, Madrid, Paris"},
                          {"+3:30", "Tehran"},
                          {"+5:30", "Bombay, Calcutta, Madras, New Delhi"},
                          {"+9:00", "Tokyo, Seoul, Osaka, Sapporo, Yakutsk"},
                          {"+9:30", "Adelaide, Darwin"},
                          {"+12:00", "Auckland, Wellington, Fiji, Kamchatka"}};

/// FNV-1a: stable across versions and machines, which std::hash is not.
std::uint64_t hash_text(std::string_view text, std::uint64_t hash = 14695981039346656037U) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

std::string digest(const EVP_MD* algorithm, std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &length, algorithm, nullptr);
  return to_hex(BytesView(out.data(), length));
}

/// The letters of a name that fit into an address: lower case, without accents and blanks.
std::string plain_letters(std::string_view name) {
  struct Accent {
    std::string_view from;
    std::string_view to;
  };
  static constexpr Accent accents[] = {{"á", "a"}, {"à", "a"}, {"ã", "a"}, {"ä", "a"},  {"å", "a"}, {"ç", "c"},
                                       {"é", "e"}, {"è", "e"}, {"ê", "e"}, {"ë", "e"},  {"É", "e"}, {"í", "i"},
                                       {"ï", "i"}, {"ñ", "n"}, {"ó", "o"}, {"ô", "o"},  {"ö", "o"}, {"õ", "o"},
                                       {"ø", "o"}, {"ú", "u"}, {"ü", "u"}, {"ß", "ss"}, {"â", "a"}, {"î", "i"}};
  std::string out;
  for (std::size_t i = 0; i < name.size();) {
    const auto accent = std::find_if(std::begin(accents), std::end(accents),
                                     [&](const Accent& a) { return name.substr(i).starts_with(a.from); });
    if (accent != std::end(accents)) {
      out += accent->to;
      i += accent->from.size();
      continue;
    }
    if (std::isalpha(static_cast<unsigned char>(name[i])) != 0) out += name[i];
    ++i;
  }
  return to_lower(out);
}

/// Makes one person after the other from one stream of random numbers.
class Maker {
 public:
  Maker(const PeopleRequest& request, std::uint64_t seed) : request_(request), random_(seed) {
    for (const std::string& code : request.nationalities) {
      if (const Nation* nation = find_nation(code)) nations_.push_back(nation);
    }
    if (!nations_.empty()) return;
    for (const Nation& nation : nations()) nations_.push_back(&nation);
  }

  void person(JsonWriter& json) {
    // Everything is drawn whatever is asked for, so `inc` and `exc` do not change the people.
    const Nation& nation = *nations_[random_.below(nations_.size())];
    const bool drawn_female = random_.below(2) == 0;
    const bool female = request_.gender == Gender::any ? drawn_female : request_.gender == Gender::female;
    const std::string first(pick(female ? nation.female_names : nation.male_names));
    const std::string last(pick(nation.last_names));

    json.begin_object();
    if (wanted("gender")) json.field("gender", female ? "female" : "male");
    name(json, female, first, last);
    location(json, nation);
    if (wanted("email")) json.field("email", plain_letters(first) + "." + plain_letters(last) + "@example.com");
    login(json);
    date(json, "dob", 1945, 55);
    date(json, "registered", 2002, 20);
    text(json, "phone", from_pattern(nation.phone));
    text(json, "cell", from_pattern(nation.cell));
    identity(json, nation);
    picture(json, female);
    text(json, "nat", nation.code);
    json.end_object();
  }

 private:
  bool wanted(std::string_view field) const {
    const auto lists = [field](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), field) != list.end();
    };
    return (request_.include.empty() || lists(request_.include)) && !lists(request_.exclude);
  }

  std::string_view pick(Words words) { return words[random_.below(words.size())]; }

  std::string from_pattern(std::string_view pattern) {
    std::string out;
    for (const char c : pattern) {
      if (c == '#') {
        out += static_cast<char>('0' + random_.below(10));
      } else if (c == '%') {
        out += static_cast<char>('1' + random_.below(9));
      } else if (c == '@') {
        out += static_cast<char>('A' + random_.below(26));
      } else {
        out += c;
      }
    }
    return out;
  }

  void text(JsonWriter& json, std::string_view field, std::string_view value) {
    if (wanted(field)) json.field(field, value);
  }

  void name(JsonWriter& json, bool female, std::string_view first, std::string_view last) {
    static constexpr std::string_view titles[] = {"Miss", "Mrs", "Ms"};
    const std::string_view title = female ? titles[random_.below(3)] : "Mr";
    if (!wanted("name")) return;
    json.key("name").begin_object().field("title", title).field("first", first).field("last", last).end_object();
  }

  void location(JsonWriter& json, const Nation& nation) {
    const std::uint64_t number = 1 + random_.below(9999);
    const std::string_view street = pick(nation.streets);
    const std::string_view city = pick(nation.cities);
    const std::string_view state = pick(nation.states);
    const std::string postcode = from_pattern(nation.postcode);
    const double latitude = (static_cast<double>(random_.below(1'800'000)) - 900'000) / 10'000;
    const double longitude = (static_cast<double>(random_.below(3'600'000)) - 1'800'000) / 10'000;
    const Zone& zone = zones[random_.below(std::size(zones))];
    if (!wanted("location")) return;
    json.key("location").begin_object();
    json.key("street").begin_object().field("number", number).field("name", street).end_object();
    json.field("city", city).field("state", state).field("country", nation.country);
    json.key("postcode");
    nation.numeric_postcode ? json.raw(postcode) : json.string(postcode);
    json.key("coordinates").begin_object();
    json.field("latitude", fmt::format("{:.4f}", latitude)).field("longitude", fmt::format("{:.4f}", longitude));
    json.end_object().key("timezone").begin_object();
    json.field("offset", zone.offset).field("description", zone.description).end_object().end_object();
  }

  void login(JsonWriter& json) {
    const std::string uuid = to_string(random_.uuid());
    const std::string username = fmt::format("{}{}{}", adjectives[random_.below(std::size(adjectives))],
                                             animals[random_.below(std::size(animals))], 100 + random_.below(900));
    const std::string_view password = passwords[random_.below(std::size(passwords))];
    std::string salt;
    for (int i = 0; i < 8; ++i) {
      salt += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[random_.below(62)];
    }
    if (!wanted("login")) return;
    const std::string salted = std::string(password) + salt;
    json.key("login").begin_object().field("uuid", uuid).field("username", username).field("password", password);
    json.field("salt", salt).field("md5", digest(EVP_md5(), salted)).field("sha1", digest(EVP_sha1(), salted));
    json.field("sha256", digest(EVP_sha256(), salted)).end_object();
  }

  /// A moment within `years` years from the start of `from_year`, with the age that it has today.
  void date(JsonWriter& json, std::string_view field, int from_year, std::uint64_t years) {
    using std::chrono::sys_days;
    const sys_days start{std::chrono::year{from_year} / std::chrono::January / 1};
    const WallTime at = start + Milliseconds{random_.below(years * 365 * 86'400'000)};
    if (!wanted(field)) return;
    const std::chrono::year_month_day born{std::chrono::floor<std::chrono::days>(at)};
    const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(request_.today)};
    int age = static_cast<int>(today.year()) - static_cast<int>(born.year());
    if (std::pair(today.month(), today.day()) < std::pair(born.month(), born.day())) --age;
    const Milliseconds of_second = std::chrono::floor<Milliseconds>(at) - std::chrono::floor<Seconds>(at);
    std::string text = to_iso8601(std::chrono::floor<Seconds>(at));
    text.pop_back();
    json.key(field).begin_object().field("date", fmt::format("{}.{:03}Z", text, of_second.count()));
    json.field("age", std::max(age, 0)).end_object();
  }

  void identity(JsonWriter& json, const Nation& nation) {
    const std::string value = from_pattern(nation.id_value);
    if (!wanted("id")) return;
    json.key("id").begin_object().field("name", nation.id_name).key("value");
    nation.id_name.empty() ? json.null() : json.string(value);
    json.end_object();
  }

  void picture(JsonWriter& json, bool female) {
    const std::string file = fmt::format("{}/{}.jpg", female ? "women" : "men", random_.below(female ? 97 : 100));
    if (!wanted("picture")) return;
    const std::string base = "https://randomuser.me/api/portraits/";
    json.key("picture").begin_object().field("large", base + file).field("medium", base + "med/" + file);
    json.field("thumbnail", base + "thumb/" + file).end_object();
  }

  const PeopleRequest& request_;
  runtime::SeededRandom random_;
  std::vector<const Nation*> nations_;
};

}  // namespace

std::string people_json(const PeopleRequest& request) {
  Maker maker(request, hash_text(fmt::format("{}/{}", request.seed, request.page)));
  JsonWriter json;
  json.begin_object().key("results").begin_array();
  for (int i = 0; i < request.results; ++i) maker.person(json);
  json.end_array();
  if (request.info) {
    json.key("info").begin_object().field("seed", request.seed).field("results", request.results);
    json.field("page", request.page).field("version", "1.4").end_object();
  }
  json.end_object();
  return std::move(json).text();
}

bool is_known_nationality(std::string_view code) {
  return find_nation(code) != nullptr;
}

bool is_known_field(std::string_view name) {
  return std::find(field_names.begin(), field_names.end(), name) != field_names.end();
}

}  // namespace streamops::connect
