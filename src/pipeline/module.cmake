# The schema of the pipeline file, from its spec and those of the connectors.
file(GLOB PIPELINE_CONNECTOR_SPECS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/connect/*/spec.toml)
set(PIPELINE_SCHEMA ${GENERATED}/pipeline/file_schema_table.cc)
add_custom_command(OUTPUT ${PIPELINE_SCHEMA}
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/gen/pipeline_schema.py ${PIPELINE_SCHEMA}
    ${CMAKE_SOURCE_DIR}/spec/pipeline/file.toml ${PIPELINE_CONNECTOR_SPECS}
  DEPENDS ${CMAKE_SOURCE_DIR}/spec/pipeline/file.toml ${PIPELINE_CONNECTOR_SPECS}
    ${CMAKE_SOURCE_DIR}/tools/gen/pipeline_schema.py)
list(APPEND sources ${PIPELINE_SCHEMA})
