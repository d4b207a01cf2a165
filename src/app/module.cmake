# The reference pipeline is part of the binary: `streamops up` needs no file.
set(REFERENCE_PIPELINE ${CMAKE_SOURCE_DIR}/examples/users_created/pipeline.yaml)
add_custom_command(OUTPUT ${GENERATED}/app/reference_pipeline.cc
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/gen/embed.py ${REFERENCE_PIPELINE} reference_pipeline ${GENERATED}/app/reference_pipeline.cc
  DEPENDS ${REFERENCE_PIPELINE} ${CMAKE_SOURCE_DIR}/tools/gen/embed.py)
list(APPEND sources ${GENERATED}/app/reference_pipeline.cc)
