#include "import/tables.h"

#include <algorithm>

#include "base/text.h"
#include "cql/grammar/statement.h"

namespace streamops::importer {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Where the next word of a statement begins.
std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

/// Behind `words` at `at`, in any case and with any blanks between; npos when they do not stand there.
std::size_t behind(std::string_view text, std::size_t at, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    at = skip_blanks(text, at);
    if (!equals_ignore_case(text.substr(std::min(at, text.size()), word.size()), word)) return std::string_view::npos;
    at += word.size();
  }
  return at;
}

/// The statement as a sink of ours may run it: with IF NOT EXISTS, the table's keyspace before its name.
std::string normal_form(std::string text, const char* what, bool if_not_exists, const std::string& keyspace) {
  std::size_t at = behind(text, 0, {"create", what});
  if (at == std::string::npos && std::string_view(what) == "table") at = behind(text, 0, {"create", "columnfamily"});
  if (at == std::string::npos) return text;
  if (!if_not_exists) {
    text.insert(at, " IF NOT EXISTS");
    at += std::string_view(" IF NOT EXISTS").size();
  } else {
    at = behind(text, at, {"if", "not", "exists"});
  }
  if (!keyspace.empty() && at != std::string::npos) text.insert(skip_blanks(text, at), keyspace + ".");
  return text;
}

/// Without blank lines around and the indentation that all lines share.
std::string dedent(std::string_view text) {
  std::vector<std::string> lines;
  std::size_t shared = std::string::npos;
  for (const std::string_view raw : split(text, '\n')) {
    std::string line(raw);
    while (!line.empty() && is_space(line.back())) line.pop_back();
    if (line.empty()) continue;
    std::replace(line.begin(), line.end(), '\t', ' ');
    const std::size_t own = line.find_first_not_of(' ');
    if (!lines.empty() && line[own] != ')') shared = std::min(shared, own);
    lines.push_back(std::move(line));
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t own = lines[i].find_first_not_of(' ');
    const std::size_t cut = i == 0 ? own : std::min(own, shared == std::string::npos ? 0 : shared);
    // Lines below the first one keep their indentation below it.
    out += (i == 0 ? "" : "\n") + std::string(i == 0 || lines[i].substr(cut).starts_with(")") ? "" : "  ") +
           lines[i].substr(cut);
  }
  return out;
}

class SchemaReader {
 public:
  explicit SchemaReader(CqlSchema& schema) : schema_(schema) {}

  void script(const std::string& text, const Where& where, std::string keyspace) {
    const Result<std::vector<cql::ScriptStatement>> pieces = cql::split_script(text);
    if (!pieces) {
      schema_.unread.push_back({pieces.error().message(), where});
      return;
    }
    for (const cql::ScriptStatement& piece : *pieces) {
      Where at = where;
      if (pieces->size() > 1)
        at.line += static_cast<std::uint32_t>(
            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(piece.offset), '\n'));
      statement(piece.text, at, keyspace);
    }
  }

 private:
  void statement(std::string_view text, const Where& where, std::string& keyspace) {
    const Result<cql::ParsedStatement> parsed = cql::parse_statement(text);
    if (!parsed) {
      const bool creates = to_lower(trim(text)).starts_with("create ");
      if (creates) schema_.unread.push_back({parsed.error().message(), where});
      return;
    }
    if (const auto* use = std::get_if<cql::Use>(&parsed->statement)) keyspace = use->keyspace;
    if (const auto* made = std::get_if<cql::CreateKeyspace>(&parsed->statement)) {
      const std::string whole = normal_form(dedent(text), "keyspace", made->if_not_exists, "");
      schema_.keyspaces.try_emplace(made->name, CqlSchema::Statement{whole, where});
    }
    const auto* made = std::get_if<cql::CreateTable>(&parsed->statement);
    if (made == nullptr) return;
    CqlTable table;
    table.keyspace = made->table.keyspace.empty() ? keyspace : made->table.keyspace;
    table.name = made->table.name;
    table.where = where;
    table.statement =
        normal_form(dedent(text), "table", made->if_not_exists, made->table.keyspace.empty() ? keyspace : "");
    for (const cql::ColumnDefinition& column : made->columns)
      table.columns.push_back({column.name, cql::to_cql(column.type)});
    table.key = made->partition_key;
    table.key.insert(table.key.end(), made->clustering.begin(), made->clustering.end());
    schema_.tables.try_emplace(table.keyspace + "." + table.name, std::move(table));
  }

  CqlSchema& schema_;
};

}  // namespace

const TableColumn* CqlTable::column(std::string_view wanted) const {
  for (const TableColumn& each : columns) {
    if (each.name == wanted) return &each;
  }
  return nullptr;
}

const CqlTable* CqlSchema::find(const std::string& keyspace, const std::string& name) const {
  if (const auto found = tables.find(keyspace + "." + name); found != tables.end()) return &found->second;
  if (!keyspace.empty()) return nullptr;
  for (const auto& [full, table] : tables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

CqlSchema read_cql(const Project& project, const Facts& facts) {
  CqlSchema schema;
  SchemaReader reader(schema);
  for (const CqlFact& fact : facts.cql) {
    const ValuePtr keyspace = fact.session ? fact.session->find("keyspace") : nullptr;
    reader.script(fact.text->text, fact.where, keyspace ? setting_text(keyspace.get()).value_or("") : "");
  }
  for (const ProjectFile* file : project.of(FileKind::cql)) reader.script(file->text, {file->path, 1}, "");
  return schema;
}

std::optional<InsertShape> read_insert(const std::string& text) {
  // The driver's markers as CQL's own.
  std::string cql;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 1 < text.size() && text[at + 1] == 's') {
      cql += '?';
      ++at;
    } else if (text[at] == '%' && at + 1 < text.size() && text[at + 1] == '(' &&
               text.find(")s", at) != std::string::npos) {
      const std::size_t end = text.find(")s", at);
      cql += ":" + text.substr(at + 2, end - at - 2);
      at = end + 1;
    } else {
      cql += text[at];
    }
  }
  const Result<cql::ParsedStatement> parsed = cql::parse_statement(cql);
  const cql::Insert* insert = parsed ? std::get_if<cql::Insert>(&parsed->statement) : nullptr;
  if (insert == nullptr || insert->columns.empty()) return std::nullopt;
  InsertShape shape{insert->table.keyspace, insert->table.name, insert->columns, {}};
  for (const cql::Term& value : insert->values) {
    const auto* marker = value.as<cql::Marker>();
    shape.parameters.push_back(marker == nullptr ? -1 : static_cast<int>(marker->index));
  }
  return shape;
}

}  // namespace streamops::importer
