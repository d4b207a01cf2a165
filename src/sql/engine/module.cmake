# The case tables come from Python's Unicode data.
set(unicode_case ${GENERATED}/sql/unicode_case.h)
add_custom_command(OUTPUT ${unicode_case} COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/gen/unicode_case.py ${unicode_case}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/gen/unicode_case.py)
list(APPEND sources ${unicode_case})
# Ranges of letters and digits, from the same source.
set(unicode_classes ${GENERATED}/sql/unicode_classes.h)
add_custom_command(OUTPUT ${unicode_classes} COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/gen/unicode_classes.py ${unicode_classes}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/gen/unicode_classes.py)
list(APPEND sources ${unicode_classes})
