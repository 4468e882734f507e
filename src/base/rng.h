#pragma once
// Seeded random numbers with the same stream on every compiler and machine: xoshiro256** (Blackman and Vigna,
// public domain) seeded through splitmix64. The distributions are our own because those of <random> differ
// between standard libraries; they use only + - * / sqrt and our own log, so that the last bit does not
// depend on the C library. Not for secrets. Not thread safe: one per user.

#include <array>
#include <cstdint>

namespace soak::base {

// One step of splitmix64; advances `state`.
std::uint64_t splitmix64(std::uint64_t& state);

// A stream for each purpose: mixes a seed with any number of indices (iteration, purpose), so that streams do
// not overlap.
std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t index, std::uint64_t purpose = 0);

class Rng {
 public:
  explicit Rng(std::uint64_t seed);
  std::uint64_t next();
  // Uniform in [0, 1), 53 bits.
  double uniform();
  // Uniform integer in [0, bound), bound > 0, without bias (Lemire).
  std::uint64_t below(std::uint64_t bound);
  // Exponential with mean 1.
  double exponential();
  // Standard normal (polar method).
  double normal();

 private:
  std::array<std::uint64_t, 4> state_;
};

// Natural logarithm and exponential with the same bits everywhere; within 1e-14 relative. log needs x > 0.
double portable_log(double x);
double portable_exp(double x);

}  // namespace soak::base
