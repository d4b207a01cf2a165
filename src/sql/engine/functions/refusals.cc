// Functions that Spark has and this engine refuses, each with the reason: an error that says why is better than one
// that says "unknown".
#include <algorithm>

#include "base/text.h"
#include "sql/engine/function.h"

namespace streamops::sql {
namespace {

struct Refusal {
  std::string_view names;  // with blanks between
  std::string_view reason;
};

constexpr std::string_view machine = "its answer belongs to one Spark cluster, and would not be the same here";
constexpr std::string_view seeded = "Spark's numbers depend on its partitions, so they cannot be the same here";
constexpr std::string_view xml = "XML is not read here";
constexpr std::string_view variant = "there is no VARIANT type here";
constexpr std::string_view sketch = "Spark's sketches are bytes of a library of its own";
constexpr std::string_view generator = "it makes rows, and stands in LATERAL VIEW only";

constexpr Refusal refusals[] = {
    {"version current_catalog current_database current_schema current_user user session_user input_file_name "
     "input_file_block_start input_file_block_length",
     machine},
    {"randn uniform randstr shuffle", seeded},
    {"monotonically_increasing_id spark_partition_id", "it counts by Spark's partitions; uuid() tells rows apart"},
    {"xpath xpath_boolean xpath_double xpath_float xpath_int xpath_long xpath_number xpath_short xpath_string from_xml "
     "schema_of_xml to_xml",
     xml},
    {"parse_json try_parse_json variant_get try_variant_get is_variant_null schema_of_variant schema_of_variant_agg "
     "to_variant_object variant_explode variant_explode_outer",
     variant},
    {"hll_sketch_agg hll_sketch_estimate hll_union hll_union_agg count_min_sketch bitmap_construct_agg bitmap_or_agg",
     sketch},
    {"from_avro to_avro schema_of_avro from_protobuf to_protobuf",
     "formats of records are named in the pipeline file, with the source or the sink"},
    {"from_csv to_csv schema_of_csv",
     "the CSV of Spark's library is not read or written here; split(text, ',') takes plain lines apart"},
    {"schema_of_json", "streamops check --infer finds the schema of live records"},
    {"java_method reflect try_reflect", "there is no Java here"},
    {"aes_encrypt", "each call makes a random vector, so a replay would write other bytes"},
    {"aes_decrypt try_aes_decrypt", "keys in a query are not served; decrypt before the topic"},
    {"sentences", "it splits by Java's rules of languages"},
    {"collate collation collations", "texts compare by their bytes here"},
    {"to_number try_to_number", "formats of numbers are not served; CAST and try_cast read plain numbers"},
    {"make_interval try_make_interval",
     "an interval of months and days together has no type here; make_dt_interval and "
     "make_ym_interval make plain ones"},
    {"sql_keywords range", "it is a table, and FROM takes the stream's source"},
    {"window_time", "it takes the window of an aggregation"},
    {"stack json_tuple", generator},
    {"approx_percentile percentile_cont percentile_disc histogram_numeric",
     "it keeps every value, or a sketch of a library of Spark's"},
    {"regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy",
     "corr, covar_pop, var_pop and avg give its parts"},
    {"listagg string_agg", "array_join(collect_list(a), ',') joins the texts of a group"},
    {"try_avg try_sum", "avg and sum fail where they overflow; a wider type keeps them from it"},
    {"cume_dist ntile nth_value percent_rank grouping grouping_id",
     "there are no windows over rows and no grouping sets here"},
    {"between when", "it is an operator: a BETWEEN b AND c, CASE WHEN"},
    {"map_zip_with", "of two maps; map_concat joins them, and map_filter and transform_values take one"},
};

}  // namespace

std::string_view refusal_of(std::string_view name) {
  for (const Refusal& refusal : refusals) {
    const std::vector<std::string_view> names = streamops::split(refusal.names, ' ');
    if (std::find(names.begin(), names.end(), name) != names.end()) return refusal.reason;
  }
  return {};
}

}  // namespace streamops::sql
