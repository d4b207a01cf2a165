# The pages of the console (web/dist) become part of the binary.
file(GLOB console_assets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/dist/*)
add_custom_command(OUTPUT ${GENERATED}/console/bundle.cc
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/web/embed.py ${GENERATED}/console/bundle.cc ${console_assets}
  DEPENDS ${console_assets} ${CMAKE_SOURCE_DIR}/web/embed.py)
list(APPEND sources ${GENERATED}/console/bundle.cc)
