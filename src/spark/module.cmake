# The codec of Spark Connect's messages.
set(SPARK_GENERATED ${GENERATED}/spark)
set(SPARK_GENERATOR ${CMAKE_SOURCE_DIR}/tools/gen/protobuf.py)
file(GLOB SPARK_SPECS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/spec/spark/*.api)
add_custom_command(
  OUTPUT ${SPARK_GENERATED}/messages.h ${SPARK_GENERATED}/messages.cc ${SPARK_GENERATED}/messages_fill_test.h
  COMMAND ${Python3_EXECUTABLE} ${SPARK_GENERATOR} ${SPARK_GENERATED} ${SPARK_SPECS}
  DEPENDS ${SPARK_SPECS} ${SPARK_GENERATOR})
list(APPEND sources ${SPARK_GENERATED}/messages.cc)
add_custom_target(generated_spark DEPENDS ${SPARK_GENERATED}/messages.h)
add_dependencies(generated_specs generated_spark)
