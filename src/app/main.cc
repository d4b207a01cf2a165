#include "app/verb.h"

int main(int argc, char** argv) {
  return streamops::app::run_command_line(argc, argv);
}
