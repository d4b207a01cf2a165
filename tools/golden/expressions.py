"""Random typed expressions of SQL over a table of edges.

Where an error without a class of Spark's strikes an executor, Spark Connect never answers: templates keep away from those (sequence by a step
that leads nowhere).

A template is a text with the types of its arguments between braces, listed under the type that it gives. What is written here decides what the
fuzzer reaches: a new function gets its line.
"""

TYPES = {"B": "BOOLEAN", "T": "TINYINT", "S": "SMALLINT", "I": "INT", "L": "BIGINT", "F": "FLOAT", "D": "DOUBLE", "M": "DECIMAL(10,2)",
         "N": "DECIMAL(38,6)", "X": "STRING", "Y": "BINARY", "A": "DATE", "W": "TIMESTAMP", "Z": "TIMESTAMP_NTZ", "AI": "ARRAY<INT>",
         "AX": "ARRAY<STRING>", "AD": "ARRAY<DOUBLE>", "P": "MAP<STRING, INT>", "R": "STRUCT<a: INT, b: STRING>"}

LITERALS = {
    "B": ["true", "false", "NULL"],
    "T": ["0Y", "1Y", "-1Y", "127Y", "-128Y", "NULL"],
    "S": ["0S", "7S", "-1S", "32767S", "-32768S", "NULL"],
    "I": ["0", "1", "-1", "2", "3", "5", "-7", "10", "31", "100", "2147483647", "-2147483648", "NULL"],
    "L": ["0L", "1L", "-1L", "12345678901L", "86399999999L", "9223372036854775807L", "-9223372036854775808L", "NULL"],
    "F": ["0F", "1.5F", "-2.25F", "FLOAT('3.4028235E38')", "FLOAT('1.4E-45')", "FLOAT('NaN')", "FLOAT('-Infinity')", "-0.0F", "16777217F", "NULL"],
    "D": ["0D", "-0.0D", "1.5D", "-2.5D", "0.1D", "3.5D", "1e-10D", "123456.789D", "1e300D", "DOUBLE('4.9E-324')", "DOUBLE('1.7976931348623157E308')", "DOUBLE('NaN')",
          "DOUBLE('Infinity')", "DOUBLE('-Infinity')", "NULL"],
    "M": ["0BD", "1.50BD", "-1.25BD", "99999999.99BD", "-99999999.99BD", "0.01BD", "2.5BD", "NULL"],
    "N": ["0BD", "1.000001BD", "-12345678901234567890.123456BD", "99999999999999999999999999999999.999999BD", "0.5BD", "NULL"],
    "X": ["''", "'a'", "'abc'", "'ABC'", "' a '", "'é'", "'😀x'", "'ß'", "'a,b,,c'", "'12'", "' -7 '", "'1.5'", "'1e3'", "'NaN'", "'true'",
          "'2024-02-29'", "'2023-02-29'", "'2024-02-29 12:34:56.789'", "'2024-03-31T02:30:00+02:00'", "'0'", "'a\\\\b'", "'%_'", "'\\t\\n'",
          "'{\"a\":1,\"b\":[1,2]}'", "'[1,2,3]'", "'http://u@h.org:80/p?q=1#f'", "'YWJj'", "'616263'", "'Straße'", "'9223372036854775808'", "'a:1,b:2'",
          "'zażółć'", "NULL"],
    "Y": ["X''", "X'00'", "X'616263'", "X'C3A9'", "X'FF80'", "NULL"],
    "A": ["DATE'1970-01-01'", "DATE'2024-02-29'", "DATE'2023-12-31'", "DATE'1900-03-01'", "DATE'1582-10-15'", "DATE'0001-01-01'", "DATE'9999-12-31'",
          "DATE'2021-01-03'", "NULL"],
    "W": ["TIMESTAMP'1970-01-01 00:00:00'", "TIMESTAMP'2024-02-29 23:59:59.999999'", "TIMESTAMP'1969-12-31 23:59:59.5'",
          "TIMESTAMP'2024-03-31 01:00:00'", "TIMESTAMP'0001-01-01 00:00:00'", "TIMESTAMP'9999-12-31 23:59:59'", "TIMESTAMP'2024-10-27 00:30:00'",
          "NULL"],
    "Z": ["TIMESTAMP_NTZ'1970-01-01 00:00:00'", "TIMESTAMP_NTZ'2024-02-29 23:59:59.999999'", "TIMESTAMP_NTZ'2024-03-31 02:30:00'", "NULL"],
    "AI": ["array(1, 2, 3)", "array(3, NULL, 1, 3)", "CAST(array() AS ARRAY<INT>)", "array(CAST(NULL AS INT))", "array(-2147483648, 2147483647)",
           "NULL"],
    "AX": ["array('a', 'b')", "array('', NULL, 'é')", "CAST(array() AS ARRAY<STRING>)", "array('b', 'a', 'b')", "NULL"],
    "AD": ["array(1.5D, DOUBLE('NaN'), -0.0D)", "array(0.0D, NULL, DOUBLE('-Infinity'))", "CAST(array() AS ARRAY<DOUBLE>)", "NULL"],
    "P": ["map('a', 1)", "map('a', 1, 'b', NULL)", "CAST(map() AS MAP<STRING, INT>)", "map('é', -1, '', 2)", "NULL"],
    "R": ["named_struct('a', 1, 'b', 'x')", "named_struct('a', CAST(NULL AS INT), 'b', '')", "NULL"],
}

UNITS = ["'YEAR'", "'quarter'", "'MON'", "'week'", "'day'", "'HOUR'", "'minute'", "'second'", "'nope'"]
ZONES = ["'UTC'", "'+05:30'", "'Europe/Berlin'", "'America/New_York'", "'Asia/Kathmandu'", "'PST'"]
PATTERNS = ["'a'", "'[a-c]+'", "'(a)(b)?'", "','", "''", "'\\\\d+'", "'^ '", "'.'"]

TEMPLATES = {
    "B": ["{I} < {I}", "{D} = {D}", "{X} >= {X}", "{A} <> {A}", "{W} <= {W}", "{M} > {N}", "{I} <=> {L}", "{B} AND {B}", "{B} OR {B}", "NOT {B}",
          "{X} IS NULL", "isnotnull({D})", "{I} BETWEEN {I} AND {I}", "{X} IN ({X}, {X})", "isnan({D})", "contains({X}, {X})", "startswith({X}, {X})",
          "endswith({Y}, {Y})", "{X} LIKE 'a%'", "{X} ILIKE '%A%'", "{X} RLIKE {pattern}", "array_contains({AI}, {I})", "arrays_overlap({AI}, {AI})",
          "arrays_overlap({AD}, {AD})", "map_contains_key({P}, {X})", "luhn_check({X})", "is_valid_utf8({X})", "equal_null({X}, {X})", "{AI} = {AI}",
          "{R} = {R}", "{AD} < {AD}", "try_cast({X} AS BOOLEAN)", "CAST({I} AS BOOLEAN)", "CAST({D} AS BOOLEAN)", "{B} IS TRUE", "{W} = {A}", "{Y} = {Y}",
          "{X} = {I}", "{X} < {D}", "{X} = {A}", "{AX} <=> {AX}"],
    "T": ["{T} + {T}", "{T} * {T}", "-{T}", "abs({T})", "{T} % {T}", "try_cast({I} AS TINYINT)", "CAST({X} AS TINYINT)", "getbit({I}, {I})", "{T} & {T}",
          "pmod({T}, {T})", "try_subtract({T}, {T})"],
    "S": ["{S} - {S}", "{S} | {T}", "try_cast({D} AS SMALLINT)", "CAST({M} AS SMALLINT)", "{S} % {T}", "-{S}", "try_multiply({S}, {S})"],
    "I": ["{I} + {I}", "{I} - {T}", "{I} * {I}", "{I} % {I}", "pmod({I}, {I})", "-{I}", "abs({I})", "{I} & {I}", "{I} ^ {I}", "~{I}",
          "try_add({I}, {I})", "try_multiply({I}, {I})", "try_mod({I}, {I})", "shiftright({I}, {I})", "shiftrightunsigned({I}, {I})", "length({X})", "length({Y})",
          "octet_length({X})", "bit_length({Y})", "ascii({X})", "instr({X}, {X})", "locate({X}, {X}, {I})", "levenshtein({X}, {X})",
          "levenshtein({X}, {X}, {I})", "find_in_set({X}, {X})", "regexp_count({X}, {pattern})", "regexp_instr({X}, {pattern})", "size({AI})",
          "cardinality({P})", "array_size({AX})", "{AI}[{I}]", "get({AI}, {I})", "element_at({AI}, {I})", "try_element_at({AI}, {I})",
          "element_at({P}, {X})", "{P}[{X}]", "array_max({AI})", "array_min({AI})", "year({A})", "quarter({A})", "month({W})", "day({A})",
          "dayofweek({A})", "weekday({A})", "dayofyear({A})", "weekofyear({A})", "hour({W})", "minute({Z})", "second({W})", "datediff({A}, {A})",
          "unix_date({A})", "date_part('yearofweek', {A})", "hash({X}, {I}, {D})", "hash({N}, {A}, {AI})", "hash({Y}, {R}, {M})", "bit_count({L})",
          "json_array_length({X})", "CAST({X} AS INT)", "try_cast({X} AS INT)", "CAST({D} AS INT)", "CAST({M} AS INT)", "try_cast({N} AS INT)",
          "coalesce({I}, {I})", "nullif({I}, {I})", "greatest({I}, {I}, {I})", "least({I}, {I})", "if({B}, {I}, {I})", "nvl2({X}, {I}, {I})",
          "CASE WHEN {B} THEN {I} WHEN {B} THEN {I} ELSE {I} END", "round({I}, {small})", "bround({I}, {small})", "{R}.a", "nullifzero({I})",
          "zeroifnull({I})", "shiftleft({I}, {I})", "decode({I}, 1, 10, 2, 20, {I})"],
    "L": ["{L} + {L}", "{L} - {I}", "{L} * {I}", "{L} DIV {I}", "{L} % {L}", "pmod({L}, {I})", "try_add({L}, {L})", "try_multiply({L}, {L})", "-{L}",
          "shiftleft({L}, {I})", "shiftrightunsigned({L}, {I})", "floor({D})", "ceil({F})", "factorial({I})", "crc32({X})", "xxhash64({X}, {D})", "xxhash64({N}, {AI}, {Y})",
          "xxhash64({F}, {A}, {W})", "unix_micros({W})", "unix_millis({W})", "unix_seconds({W})", "unix_timestamp({W})",
          "array_position({AI}, {I})", "array_position({AX}, {X})", "CAST({X} AS BIGINT)", "try_cast({D} AS BIGINT)", "CAST({W} AS BIGINT)",
          "try_cast({N} AS BIGINT)", "width_bucket({D}, {D}, {D}, {L})", "bitmap_bit_position({L})", "bitmap_bucket_number({L})", "bitmap_count({Y})",
          "timestampdiff(MONTH, {W}, {W})", "timestampdiff(DAY, {W}, {W})", "timestampdiff(SECOND, {Z}, {Z})", "timestampdiff(QUARTER, {W}, {W})",
          "coalesce({L}, {I})", "greatest({L}, {I})", "round({L}, {small})", "{M} DIV {M}", "length({X}) + {L}"],
    "F": ["{F} + {F}", "{F} * {F}", "-{F}", "abs({F})", "CAST({X} AS FLOAT)", "CAST({D} AS FLOAT)", "CAST({L} AS FLOAT)", "{F} % {F}", "greatest({F}, {F})",
          "round({F}, {small})", "try_subtract({F}, {F})"],
    "D": ["{D} + {D}", "{D} - {D}", "{D} * {D}", "{D} / {D}", "{I} / {I}", "try_divide({D}, {D})", "{D} % {D}", "pmod({D}, {D})", "-{D}", "abs({D})",
          "sqrt({D})", "cbrt({D})", "exp({D})", "expm1({D})", "ln({D})", "log({D}, {D})", "log10({D})", "log2({D})", "log1p({D})", "pow({D}, {D})",
          "sin({D})", "cos({D})", "tan({D})", "asin({D})", "acos({D})", "atan({D})", "atan2({D}, {D})", "sinh({D})", "cosh({D})", "tanh({D})",
          "asinh({D})", "acosh({D})", "atanh({D})", "cot({D})", "sec({D})", "csc({D})", "hypot({D}, {D})", "degrees({D})", "radians({D})", "sign({D})",
          "rint({D})", "round({D}, {small})", "bround({D}, {small})", "nanvl({D}, {D})", "CAST({X} AS DOUBLE)", "try_cast({X} AS DOUBLE)",
          "CAST({M} AS DOUBLE)", "CAST({L} AS DOUBLE)", "CAST({N} AS DOUBLE)", "CAST({F} AS DOUBLE)", "greatest({D}, {D})", "least({D}, {F})",
          "array_max({AD})", "array_min({AD})", "months_between({W}, {W})", "months_between({W}, {W}, false)", "coalesce({D}, {D})",
          "if({B}, {D}, {D})", "element_at({AD}, 1)", "{X} + {D}", "CAST({W} AS DOUBLE)"],
    "M": ["CAST({I} AS DECIMAL(10,2))", "CAST({X} AS DECIMAL(10,2))", "try_cast({D} AS DECIMAL(10,2))", "CAST({N} AS DECIMAL(10,2))", "-{M}", "abs({M})",
          "greatest({M}, {M})", "coalesce({M}, {M})", "CAST({L} AS DECIMAL(10,2))"],
    "N": ["CAST({M} + {M} AS DECIMAL(38,6))", "CAST({M} * {N} AS DECIMAL(38,6))", "CAST({N} / {M} AS DECIMAL(38,6))", "CAST({D} AS DECIMAL(38,6))",
          "CAST({X} AS DECIMAL(38,6))", "try_cast({D} AS DECIMAL(38,6))", "-{N}", "CAST({N} % {M} AS DECIMAL(38,6))"],
    "DEC": ["{M} + {M}", "{M} - {N}", "{M} * {M}", "{N} * {N}", "{M} / {M}", "{N} / {M}", "{M} % {M}", "pmod({M}, {M})", "round({M}, {small})",
            "bround({N}, {small})", "floor({M})", "ceil({N})", "floor({M}, {small})", "ceil({M}, {small})", "{I} + {M}", "{M} / {I}", "try_add({M}, {M})",
            "try_divide({M}, {M})", "coalesce({M}, {I})", "date_part('second', {W})", "floor({I}, {small})"],
    "X": ["concat({X}, {X})", "{X} || {I}", "concat_ws({X}, {X}, {X})", "concat_ws(',', {AX}, {X})", "upper({X})", "lower({X})", "initcap({X})",
          "trim({X})", "ltrim({X})", "rtrim({X})", "btrim({X}, {X})", "trim(LEADING {X} FROM {X})", "substring({X}, {I}, {I})", "substr({X}, {I})",
          "left({X}, {I})", "right({X}, {I})", "lpad({X}, {tiny}, {X})", "rpad({X}, {tiny}, {X})", "repeat({X}, {tiny})", "replace({X}, {X}, {X})",
          "reverse({X})", "translate({X}, {X}, {X})", "overlay({X}, {X}, {I})", "overlay({X}, {X}, {I}, {I})", "soundex({X})", "mask({X})",
          "mask({X}, 'Q', NULL, 'd', '*')", "elt({tiny}, {X}, {X})", "chr({I})", "split_part({X}, {X}, {I})", "substring_index({X}, {X}, {tiny})",
          "format_number({D}, {tiny})", "format_number({M}, {tiny})", "format_number({L}, {tiny})", "format_number({D}, '#,##0.00')",
          "format_string('%s|%5s|%-4s', {X}, {I}, {B})", "format_string('%d %05d %,d %x', {I}, {L}, {I}, {I})", "format_string('%.3f %10.1f', {D}, {F})",
          "format_string('%e', {D})", "regexp_replace({X}, {pattern}, 'Z')", "regexp_extract({X}, '(a)(b)?', {tiny})", "regexp_substr({X}, {pattern})",
          "md5({X})", "sha1({Y})", "sha2({X}, 256)", "base64({Y})", "hex({X})", "hex({L})", "hex({Y})", "bin({L})", "conv({X}, 10, 16)",
          "conv({I}, 10, -2)", "conv({X}, 16, 10)", "url_encode({X})", "try_url_decode({X})", "try_parse_url({X}, 'HOST')", "parse_url({X}, 'QUERY', 'q')",
          "get_json_object({X}, '$.a')", "get_json_object({X}, '$.b[1]')", "to_json({R})", "to_json({P})", "to_json({AX})", "to_json(named_struct('d', {D}, 'm', {M}, 'w', {W}, 'x', {X}))",
          "date_format({W}, 'yyyy-MM-dd HH:mm:ss.SSS')", "date_format({W}, 'EEE d MMM yy h a')", "from_unixtime({L} % 100000000000)", "dayname({A})",
          "monthname({A})", "CAST({D} AS STRING)", "CAST({F} AS STRING)", "CAST({N} AS STRING)", "CAST({W} AS STRING)", "CAST({A} AS STRING)",
          "CAST({AD} AS STRING)", "CAST({P} AS STRING)", "CAST({R} AS STRING)", "CAST({B} AS STRING)", "array_join({AX}, {X})",
          "array_join({AX}, ',', {X})", "array_max({AX})", "{R}.b", "coalesce({X}, {X})", "greatest({X}, {X})", "least({X}, {X})", "nullif({X}, {X})",
          "if({B}, {X}, {X})", "nvl({X}, {X})", "decode({Y}, 'utf-16be')", "decode({Y}, 'iso-8859-1')", "make_valid_utf8({X})", "typeof({M} + {I})",
          "element_at({AX}, {I})", "try_validate_utf8({X})", "to_char({A}, 'yyyy/MM')", "CASE {X} WHEN 'a' THEN {X} ELSE 'no' END",
          "str_to_map({X})['a']", "space({tiny})"],
    "Y": ["unhex({X})", "CAST({X} AS BINARY)", "unbase64({X})", "encode({X}, 'utf-16')", "encode({X}, 'utf-8')", "substring({Y}, {I}, {I})",
          "concat({Y}, {Y})", "overlay({Y}, {Y}, {I})", "lpad({Y}, {tiny}, {Y})", "rpad({Y}, {tiny})", "try_to_binary({X}, 'hex')",
          "try_to_binary({X}, 'base64')", "left({Y}, {I})", "to_binary({X}, 'utf-8')"],
    "A": ["date_add({A}, {tiny})", "date_sub({A}, {I})", "add_months({A}, {tiny})", "last_day({A})", "next_day({A}, 'TU')", "trunc({A}, {unit})",
          "make_date({I}, {I}, {I})", "make_date(2024, {tiny}, {tiny})", "date_from_unix_date({I})", "to_date({X})", "to_date({X}, 'yyyy-MM-dd')",
          "CAST({W} AS DATE)", "CAST({Z} AS DATE)", "try_cast({X} AS DATE)", "{A} + {tiny}", "{A} - {I}", "{A} + INTERVAL 1 MONTH", "{A} - INTERVAL 13 MONTH",
          "{A} + INTERVAL 3 DAY", "greatest({A}, {A})", "coalesce({A}, {A})"],
    "W": ["CAST({A} AS TIMESTAMP)", "CAST({Z} AS TIMESTAMP)", "to_timestamp({X})", "try_to_timestamp({X}, 'yyyy-MM-dd')", "try_cast({X} AS TIMESTAMP)",
          "date_trunc({unit}, {W})", "timestamp_seconds({I})", "timestamp_seconds({D})", "timestamp_seconds({M})", "timestamp_millis({L})", "timestamp_micros({L})",
          "from_utc_timestamp({W}, {zone})", "to_utc_timestamp({W}, {zone})", "make_timestamp(2024, {tiny}, {tiny}, {tiny}, {I}, {M})",
          "try_make_timestamp({I}, {tiny}, {tiny}, {tiny}, {tiny}, {D})", "make_timestamp(2024, 3, 31, {tiny}, 30, {tiny}, {zone})",
          "timestampadd(MONTH, {tiny}, {W})", "timestampadd(HOUR, {I}, {W})", "timestampadd(DAY, {I}, {A})", "{W} + INTERVAL 1 MONTH",
          "{W} - INTERVAL '1 02:03:04.5' DAY TO SECOND", "{A} + INTERVAL 5 HOUR", "coalesce({W}, {A})", "greatest({W}, {W})", "CAST({L} AS TIMESTAMP)",
          "CAST({D} AS TIMESTAMP)"],
    "Z": ["CAST({W} AS TIMESTAMP_NTZ)", "CAST({A} AS TIMESTAMP_NTZ)", "to_timestamp_ntz({X})", "make_timestamp_ntz(2024, {tiny}, {tiny}, {tiny}, {tiny}, {tiny})",
          "convert_timezone({zone}, {zone}, {Z})", "{Z} + INTERVAL 1 YEAR", "try_cast({X} AS TIMESTAMP_NTZ)"],
    "AI": ["array({I}, {I}, {I})", "array_append({AI}, {I})", "array_prepend({AI}, {I})", "array_insert({AI}, {tiny}, {I})", "array_except({AI}, {AI})",
           "array_intersect({AI}, {AI})", "array_union({AI}, {AI})", "array_remove({AI}, {I})", "array_repeat({I}, {tiny})", "array_distinct({AI})",
           "array_compact({AI})", "sort_array({AI})", "sort_array({AI}, false)", "slice({AI}, {tiny}, {tiny})", "reverse({AI})", "concat({AI}, {AI})",
           "flatten(array({AI}, {AI}))", "sequence({tiny}, {tiny})", "sequence(1, 1 + abs({tiny}), 2)", "map_values({P})",
           "CAST({AX} AS ARRAY<INT>)", "coalesce({AI}, {AI})", "if({B}, {AI}, {AI})", "from_json({X}, 'ARRAY<INT>')", "array_sort({AI})"],
    "AX": ["split({X}, {pattern})", "split({X}, ',', {tiny})", "array({X}, {X})", "array_distinct({AX})", "array_union({AX}, {AX})", "map_keys({P})",
           "regexp_extract_all({X}, {pattern}, 0)", "json_object_keys({X})", "sort_array({AX})", "array_remove({AX}, {X})", "CAST({AI} AS ARRAY<STRING>)",
           "array_compact({AX})", "slice({AX}, 1, {tiny})", "map_keys(str_to_map({X}))", "array_except({AX}, {AX})"],
    "AD": ["array({D}, {D})", "array_distinct({AD})", "array_union({AD}, {AD})", "array_intersect({AD}, {AD})", "sort_array({AD})", "array_except({AD}, {AD})",
           "CAST({AI} AS ARRAY<DOUBLE>)", "array_remove({AD}, {D})", "array_append({AD}, {D})"],
    "P": ["map({X}, {I})", "map_concat({P}, {P})", "map_from_arrays({AX}, {AI})", "CAST(str_to_map({X}) AS MAP<STRING, INT>)", "coalesce({P}, {P})",
          "map('k', {I}, {X}, {I})", "from_json({X}, 'MAP<STRING,INT>')"],
    "R": ["named_struct('a', {I}, 'b', {X})", "from_json({X}, 'a INT, b STRING')", "coalesce({R}, {R})"],
    "ANY": ["arrays_zip({AI}, {AX})", "map_entries({P})", "map_from_entries(array({R}))", "array({AI}, {AI})", "sequence(c_a, c_a + 5, INTERVAL 2 DAY)",
            "sequence(d_a, add_months(d_a, 4), INTERVAL 1 MONTH)", "sequence(c_w, c_w + INTERVAL 5 HOUR, INTERVAL 90 MINUTE)", "from_json({X}, 'a DOUBLE, b ARRAY<STRING>')", "struct({I}, {D}, {AX})",
            "array({R}, {R})", "map({I}, {AX})"],
}

ROOTS = list(TEMPLATES)
# Neighbours in the last digits are equal: Java computes these itself, and C's library has its own way.
INEXACT = ("sin", "cos", "tan", "exp", "ln(", "log", "pow", "cbrt", "hypot", "sec(", "csc(", "cot(", "asinh", "acosh", "atanh", "degrees", "radians", "sqrt")


class Maker:
    """Makes expressions; `random` decides everything, so a seed makes the same ones again."""

    def __init__(self, random, columns):
        self.random, self.columns = random, columns

    def root(self):
        kind = self.random.choice(ROOTS)
        return self._filled(self.random.choice(TEMPLATES[kind]), 2)

    def _filled(self, template, depth):
        out, rest = "", template
        while True:
            start = rest.find("{")
            end = rest.find("}", start)
            kind = rest[start + 1:end]
            if start < 0:
                return out + rest
            if kind not in LITERALS and kind not in ("tiny", "small", "unit", "zone", "pattern"):
                out, rest = out + rest[:start + 1], rest[start + 1:]
                continue
            out, rest = out + rest[:start] + self._argument(kind, depth), rest[end + 1:]

    def _argument(self, kind, depth):
        random = self.random
        if kind == "small":
            return str(random.randint(-4, 6))
        if kind == "tiny":
            return random.choice(["CAST(c_t % 10Y AS INT)", *map(str, range(-3, 9))])
        if kind in ("unit", "zone", "pattern"):
            return random.choice({"unit": UNITS, "zone": ZONES, "pattern": PATTERNS}[kind])
        roll = random.random()
        if roll < 0.55 or depth == 0 and roll < 0.8:
            return random.choice([name for name, of in self.columns if of == kind])
        if depth == 0 or roll < 0.67:
            literal = random.choice(LITERALS[kind])
            return f"CAST({literal} AS {TYPES[kind]})" if literal == "NULL" or kind in "MNFT" else literal
        return "(" + self._filled(random.choice(TEMPLATES[kind]), depth - 1) + ")"
