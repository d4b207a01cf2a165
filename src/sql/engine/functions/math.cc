// Functions of DOUBLE, and a few of whole numbers.
#include <cmath>
#include <numbers>

#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

/// One DOUBLE in, one out.
#define STREAMOPS_REAL(expression) overload<double(double)>([](auto& out, double x) { out.set(expression); })

/// One step of Newton's method behind the library's root: cubes of whole numbers come out whole.
double cube_root(double x) {
  const double root = std::cbrt(x);
  if (root == 0 || !std::isfinite(root)) return root;
  return root - (root * root * root - x) / (3 * root * root);
}

/// A logarithm of zero or less is NULL; that of NaN is NaN.
template <typename Out>
void set_log(Out& out, double argument, double value) {
  argument <= 0 ? out.null() : out.set(value);
}

constexpr auto hex_digits = "0123456789ABCDEF";

}  // namespace

const std::vector<Function>& math_functions() {
  static const std::vector<Function> all = {
      {"sqrt",
       "sqrt(x)",
       "The square root; NaN for a negative number.",
       {{"sqrt(4)", "2.0"}},
       {STREAMOPS_REAL(std::sqrt(x))}},
      {"cbrt", "cbrt(x)", "The cube root.", {{"cbrt(27)", "3.0"}}, {STREAMOPS_REAL(cube_root(x))}},
      {"exp", "exp(x)", "e to the power of x.", {{"exp(0)", "1.0"}}, {STREAMOPS_REAL(std::exp(x))}},
      {"expm1", "expm1(x)", "e to the power of x, less 1.", {{"expm1(0)", "0.0"}}, {STREAMOPS_REAL(std::expm1(x))}},
      {"ln",
       "ln(x)",
       "The natural logarithm; NULL for zero and below.",
       {{"ln(1)", "0.0"}, {"ln(0)", "NULL"}},
       {nullable_overload<double(double)>([](auto& out, double x) { set_log(out, x, std::log(x)); })}},
      {"log",
       "log([base, ]x)",
       "The logarithm, natural without a base; NULL for zero and below.",
       {{"log(10, 100)", "2.0"}},
       {nullable_overload<double(double)>([](auto& out, double x) { set_log(out, x, std::log(x)); }),
        nullable_overload<double(double, double)>([](auto& out, double base, double x) {
          base <= 0 || x <= 0 ? out.null() : out.set(std::log(x) / std::log(base));
        })}},
      {"log10",
       "log10(x)",
       "The logarithm of base 10; NULL for zero and below.",
       {{"log10(1000)", "3.0"}},
       {nullable_overload<double(double)>([](auto& out, double x) { set_log(out, x, std::log10(x)); })}},
      {"log2",
       "log2(x)",
       "The logarithm of base 2; NULL for zero and below.",
       {{"log2(8)", "3.0"}},
       {nullable_overload<double(double)>([](auto& out, double x) { set_log(out, x, std::log(x) / std::log(2.0)); })}},
      {"log1p",
       "log1p(x)",
       "The natural logarithm of x + 1; NULL where that is zero or below.",
       {{"log1p(0)", "0.0"}},
       {nullable_overload<double(double)>([](auto& out, double x) { set_log(out, x + 1, std::log1p(x)); })}},
      {"pow",
       "pow(x, y)",
       "x to the power of y.",
       {{"pow(2, 3)", "8.0"}},
       {overload<double(double, double)>([](auto& out, double x, double y) {
         // Java: 1 to the power of NaN or of infinity is NaN.
         out.set(std::isnan(y) || (std::isinf(y) && std::abs(x) == 1) ? std::nan("") : std::pow(x, y));
       })},
       nullptr,
       {"power"}},
      {"sin", "sin(x)", "The sine of an angle in radians.", {{"sin(0)", "0.0"}}, {STREAMOPS_REAL(std::sin(x))}},
      {"cos", "cos(x)", "The cosine of an angle in radians.", {{"cos(0)", "1.0"}}, {STREAMOPS_REAL(std::cos(x))}},
      {"tan", "tan(x)", "The tangent of an angle in radians.", {{"tan(0)", "0.0"}}, {STREAMOPS_REAL(std::tan(x))}},
      {"asin", "asin(x)", "The angle of a sine, in radians.", {{"asin(0)", "0.0"}}, {STREAMOPS_REAL(std::asin(x))}},
      {"acos", "acos(x)", "The angle of a cosine, in radians.", {{"acos(1)", "0.0"}}, {STREAMOPS_REAL(std::acos(x))}},
      {"atan", "atan(x)", "The angle of a tangent, in radians.", {{"atan(0)", "0.0"}}, {STREAMOPS_REAL(std::atan(x))}},
      {"atan2",
       "atan2(y, x)",
       "The angle of a point, in radians.",
       {{"atan2(0, 1)", "0.0"}},
       {overload<double(double, double)>(
           [](auto& out, double y, double x) { out.set(std::atan2(y + 0.0, x + 0.0)); })}},
      {"hypot",
       "hypot(x, y)",
       "The length of the diagonal.",
       {{"hypot(3, 4)", "5.0"}},
       {overload<double(double, double)>([](auto& out, double x, double y) { out.set(std::hypot(x, y)); })}},
      {"degrees",
       "degrees(x)",
       "Radians as degrees.",
       {{"degrees(0)", "0.0"}},
       {STREAMOPS_REAL(x * (180.0 / std::numbers::pi))}},
      {"radians",
       "radians(x)",
       "Degrees as radians.",
       {{"radians(0)", "0.0"}},
       {STREAMOPS_REAL(x * (std::numbers::pi / 180.0))}},
      {"pi", "pi()", "The number pi.", {{"pi()", "3.141592653589793"}}, {overload<double()>([](auto& out) {
         out.set(std::numbers::pi);
       })}},
      {"e", "e()", "The number e.", {{"e()", "2.718281828459045"}}, {overload<double()>([](auto& out) {
         out.set(std::numbers::e);
       })}},
      {"sign",
       "sign(x)",
       "-1.0, 0.0 or 1.0.",
       {{"sign(-5)", "-1.0"}},
       {STREAMOPS_REAL(x > 0   ? 1.0
                       : x < 0 ? -1.0
                               : x)},
       nullptr,
       {"signum"}},
      {"rint",
       "rint(x)",
       "The nearest whole number, to the even one in the middle.",
       {{"rint(2.5)", "2.0"}},
       {STREAMOPS_REAL(std::nearbyint(x))}},
      {"factorial",
       "factorial(n)",
       "1 * 2 * ... * n; NULL outside of 0 to 20.",
       {{"factorial(5)", "120"}, {"factorial(21)", "NULL"}},
       {nullable_overload<std::int64_t(std::int32_t)>([](auto& out, std::int32_t n) {
         if (n < 0 || n > 20) return out.null();
         std::int64_t product = 1;
         for (std::int32_t i = 2; i <= n; ++i) product *= i;
         out.set(product);
       })}},
      {"bit_count",
       "bit_count(n)",
       "How many bits are set.",
       {{"bit_count(7)", "3"}},
       {overload<std::int32_t(std::int64_t)>(
            [](auto& out, std::int64_t n) { out.set(std::popcount(static_cast<std::uint64_t>(n))); }),
        overload<std::int32_t(bool)>([](auto& out, bool bit) { out.set(bit ? 1 : 0); })}},
      {"bin",
       "bin(n)",
       "A whole number in binary digits.",
       {{"bin(13)", "1101"}},
       {overload<Text(std::int64_t)>([](auto& out, std::int64_t n) {
         auto bits = static_cast<std::uint64_t>(n);
         int top = 63;
         while (top > 0 && (bits >> top & 1) == 0) --top;
         for (; top >= 0; --top) out.push(hex_digits[bits >> top & 1]);
       })}},
  };
  return all;
}

#undef STREAMOPS_REAL

}  // namespace streamops::sql
