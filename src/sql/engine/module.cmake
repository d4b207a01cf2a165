# The case tables come from Python's Unicode data.
set(unicode_case ${GENERATED}/sql/unicode_case.h)
add_custom_command(OUTPUT ${unicode_case} COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/gen/unicode_case.py ${unicode_case}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/gen/unicode_case.py)
list(APPEND sources ${unicode_case})
