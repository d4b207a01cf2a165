# The codec of the messages: one header and one source for each spec/kafka/<name>.api, and the table of all of them.
set(KAFKA_GENERATED ${GENERATED}/kafka/protocol/messages)
set(KAFKA_GENERATOR ${CMAKE_SOURCE_DIR}/tools/gen/kafka.py)
set(KAFKA_GENERATOR_FILES ${KAFKA_GENERATOR} ${CMAKE_SOURCE_DIR}/tools/gen/kafka_spec.py
    ${CMAKE_SOURCE_DIR}/tools/gen/kafka_tables.py)
file(GLOB KAFKA_SPECS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/spec/kafka/*.api)
set(KAFKA_HEADERS)
foreach(spec ${KAFKA_SPECS})
  get_filename_component(name ${spec} NAME_WE)
  add_custom_command(OUTPUT ${KAFKA_GENERATED}/${name}.h ${KAFKA_GENERATED}/${name}.cc
    COMMAND ${Python3_EXECUTABLE} ${KAFKA_GENERATOR} message ${spec} ${KAFKA_GENERATED}
    DEPENDS ${spec} ${KAFKA_GENERATOR_FILES})
  list(APPEND sources ${KAFKA_GENERATED}/${name}.cc)
  list(APPEND KAFKA_HEADERS ${KAFKA_GENERATED}/${name}.h)
endforeach()
add_custom_command(OUTPUT ${KAFKA_GENERATED}/apis.h ${KAFKA_GENERATED}/apis.cc ${KAFKA_GENERATED}/all.h
  COMMAND ${Python3_EXECUTABLE} ${KAFKA_GENERATOR} apis ${KAFKA_GENERATED} ${KAFKA_SPECS}
  DEPENDS ${KAFKA_SPECS} ${KAFKA_GENERATOR_FILES})
add_custom_command(OUTPUT ${KAFKA_GENERATED}/fill_test.h
  COMMAND ${Python3_EXECUTABLE} ${KAFKA_GENERATOR} test ${KAFKA_GENERATED}/fill_test.h ${KAFKA_SPECS}
  DEPENDS ${KAFKA_SPECS} ${KAFKA_GENERATOR_FILES})
list(APPEND sources ${KAFKA_GENERATED}/apis.cc)

# Other modules include these headers too, so they wait for them as for all generated specs.
add_custom_target(generated_kafka DEPENDS ${KAFKA_HEADERS} ${KAFKA_GENERATED}/apis.h ${KAFKA_GENERATED}/all.h
  ${KAFKA_GENERATED}/fill_test.h)
add_dependencies(generated_specs generated_kafka)
