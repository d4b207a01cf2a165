foreach(file groups/offset_journal.cc metadata_journal.cc producers.cc)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/kafka/broker/${file} PROPERTIES COMPILE_OPTIONS -Wno-stringop-overflow)
endforeach()
