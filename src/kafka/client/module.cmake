# Every record passes through these files, between the socket and its columns: they are worth the compiler's last effort.
# Without the headers compiled ahead, which are of another effort.
set(KAFKA_DATA_PATH batch_writer fetched frame_receiver held_batches record_sender)
list(TRANSFORM KAFKA_DATA_PATH PREPEND ${CMAKE_SOURCE_DIR}/src/kafka/client/impl/)
list(TRANSFORM KAFKA_DATA_PATH APPEND .cc)
set_source_files_properties(${KAFKA_DATA_PATH} PROPERTIES
  COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>" SKIP_PRECOMPILE_HEADERS ON)
