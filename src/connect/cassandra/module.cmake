# The table of conversions comes from spec/conversions.
add_custom_command(OUTPUT ${GENERATED}/connect/cassandra/conversion_table.cc
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/gen/conversions.py ${CMAKE_SOURCE_DIR}/spec/conversions/sql_to_cql.toml
          ${GENERATED}/connect/cassandra/conversion_table.cc
  DEPENDS ${CMAKE_SOURCE_DIR}/spec/conversions/sql_to_cql.toml ${CMAKE_SOURCE_DIR}/tools/gen/conversions.py)
list(APPEND sources ${GENERATED}/connect/cassandra/conversion_table.cc)
