"""What can be compiled as one source."""
import unittest

import unity_groups


def hidden(text):
    return f"namespace {{\n\n{text}\n}}  // namespace\n"


class Groups(unittest.TestCase):
    def test_sources_that_declare_the_same_name_are_kept_apart(self):
        for declaration in ("int limit(int a) {\n", "constexpr std::size_t limit = 3;\n", "class limit {\n", "using limit = int;\n", "int limit;\n",
                            "template <typename T>\nT limit(T a) {\n", "constexpr int limit[] = {1};\n", "#define limit 3\n"):
            placed = unity_groups.groups_of({"a.cc": hidden(declaration), "b.cc": hidden("std::string limit(const std::string& text) {\n")})
            self.assertNotEqual(placed["a.cc"], placed["b.cc"], declaration)

    def test_name_that_a_header_of_another_source_declares_is_kept_apart_from_it(self):
        headers = {"room/x.h": "class Limit {\n"}
        placed = unity_groups.groups_of({"a.cc": hidden("using Limit = int;\n"), "b.cc": '#include "room/x.h"\n'}, headers.get)
        self.assertNotEqual(placed["a.cc"], placed["b.cc"])

    def test_definitions_of_what_headers_declare_are_put_together(self):
        headers = {"room/x.h": "int limit(int a);\n"}
        texts = {name: '#include "room/x.h"\nint limit(int a) {\n' for name in ("a.cc", "b.cc")}
        self.assertEqual(set(unity_groups.groups_of(texts, headers.get).values()), {0})

    def test_others_are_put_together_a_few_at_a_time(self):
        texts = {f"{k}.cc": f"int name{k}() {{\n" for k in range(unity_groups.SOURCES_MAX + 1)}
        self.assertEqual(set(unity_groups.groups_of(texts).values()), {0, 1})

    def test_tests_of_the_same_name_are_kept_apart(self):
        placed = unity_groups.groups_of({"a.cc": "TEST(Suite, Case) {\n", "b.cc": "TEST_F(Suite, Case) {\n", "c.cc": "TEST(Suite, Other) {\n"})
        self.assertEqual(placed, {"a.cc": 0, "b.cc": 1, "c.cc": 0})

    def test_what_stands_within_a_function_or_a_comment_is_no_declaration(self):
        self.assertEqual(unity_groups.names_of("// int limit = 3;\n  int limit = 3;\n"), set())


if __name__ == "__main__":
    unittest.main()
