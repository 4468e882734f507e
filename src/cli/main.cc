// soak: soak testing with verified parameter delivery.

#include "cli/program.h"

int main(int argc, char** argv) {
  return soak::cli::run_program({argv + 1, argv + argc});
}
