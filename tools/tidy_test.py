"""tidy.py must fail when it should: each test spoils one thing in a small tree that is otherwise clean."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import cpp_functions  # noqa: E402
import tidy  # noqa: E402

CLEAN = {
    "CMakeLists.txt": "foreach(room base params apply cli)\nendforeach()\n",
    "src/base/CMakeLists.txt": "soak_room(base)\n",
    "src/base/file.h": "#pragma once\n#include <soak/result.h>\n",
    "src/params/CMakeLists.txt": "soak_room(params)\n",
    "src/params/names.h": '#pragma once\n#include "base/file.h"\n',
    "src/apply/CMakeLists.txt": "soak_room(apply USES params LIBS ZLIB::ZLIB)\n",
    "src/apply/apply.h": '#pragma once\n#include "params/names.h"\n#include "base/file.h"\n',
    "src/apply/apply.cc": '#include "apply/apply.h"\nint one() {\n  return 1;\n}\n',
    "src/apply/apply_test.cc": '#include "apply/apply.h"\nTEST(Apply, Fails) {\n  expect(ErrorCode::kNotFound);\n}\n',
    "src/cli/CMakeLists.txt": "soak_room(cli USES apply)\nset_tests_properties(a PROPERTIES LABELS quick)\n",
    "src/cli/main.cc": '#include "apply/apply.h"\n',
    "include/soak/result.h": "#pragma once\nenum class ErrorCode {\n  kNotFound,  // kNothing here\n};\n",
    "README.md": "# Top\n[in](docs/a.md#a-heading) [self](#top) [out](https://example.org/x)\n",
    "docs/a.md": "## A heading\n",
}


def lines(count):
    return "  a();\n" * count


class TidyTest(unittest.TestCase):
    def findings(self, spoiled=None):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**CLEAN, **(spoiled or {})}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return list(tidy.findings(root))

    def expect(self, spoiled, *words):
        found = self.findings(spoiled)
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def test_is_silent_on_a_clean_tree(self):
        self.assertEqual(self.findings(), [])

    def test_finds_an_undeclared_arrow(self):
        self.expect({"src/params/names.h": '#pragma once\n\n#include "apply/apply.h"\n'}, "src/params/names.h:3", "apply")

    def test_finds_an_undeclared_arrow_in_angle_brackets(self):
        self.expect({"src/params/names.h": "#pragma once\n#include <apply/apply.h>\n"}, "does not declare apply")

    def test_an_arrow_of_a_room_below_is_not_inherited(self):
        self.expect({"src/cli/main.cc": '#include "params/names.h"\n'}, "src/cli/main.cc:1", "params")

    def test_a_library_is_not_an_arrow(self):
        self.expect({"src/cli/CMakeLists.txt": "soak_room(cli USES apply LIBS params)\n",
                     "src/cli/main.cc": '#include "params/names.h"\n'}, "does not declare params")

    def test_a_public_header_uses_no_room(self):
        self.expect({"include/soak/x.h": '#pragma once\n#include "base/file.h"\n'}, "include/soak/x.h:2", "base")

    def test_ignores_an_include_in_a_comment(self):
        self.assertEqual(self.findings({"src/params/a.cc": '// #include "cli/x.h"\n/*\n#include "cli/x.h"\n*/\n'}), [])

    def test_finds_an_include_that_is_in_no_room(self):
        self.expect({"src/cli/main.cc": '#include "nowhere.h"\n'}, "nowhere.h", "in no room")

    def test_refuses_a_declared_arrow_upwards(self):
        self.expect({"src/params/CMakeLists.txt": "soak_room(params USES apply)\n"}, "does not lie below")

    def test_refuses_a_room_that_is_not_in_the_order(self):
        found = self.findings({"src/new/CMakeLists.txt": "soak_room(new)\n", "src/new/a.cc": "\n"})
        self.assertEqual(len(found), 1, found)
        self.assertIn("not in the list of rooms", found[0])

    def test_refuses_a_source_in_a_folder_that_is_no_room(self):
        self.expect({"src/lost/a.cc": "\n"}, "declares no room")

    def test_finds_a_function_of_71_lines_and_allows_70(self):
        self.expect({"src/apply/a.cc": "void f() {\n" + lines(69) + "}\n"}, "src/apply/a.cc:1", "f has 71 lines")
        self.assertEqual(self.findings({"src/apply/a.cc": "void f() {\n" + lines(68) + "}\n"}), [])

    def test_finds_a_long_python_function(self):
        self.expect({"tools/a.py": "def f():\n" + "    a = 1\n" * 70}, "tools/a.py:1", "71 lines")

    def test_finds_a_file_of_401_lines_and_allows_400(self):
        self.expect({"src/apply/a.cc": "int a;\n" * 401}, "401 lines")
        self.assertEqual(self.findings({"src/apply/a.cc": "int a;\n" * 400}), [])

    def test_finds_a_header_without_pragma_once(self):
        self.expect({"src/apply/b.h": "// #pragma once\n"}, "no #pragma once")

    def test_finds_a_link_that_points_nowhere(self):
        self.expect({"docs/b.md": "[x](../missing.md)\n"}, "docs/b.md", "missing.md")

    def test_finds_a_link_to_a_missing_heading(self):
        self.expect({"docs/b.md": "[x](a.md#other)\n"}, "no such heading")

    def test_ignores_links_in_code(self):
        self.assertEqual(self.findings({"docs/b.md": "```\n[x](y.md)\n```\n`[x](y.md)`\n"}), [])

    def test_finds_an_error_code_that_no_test_mentions(self):
        self.expect({"src/apply/apply_test.cc": "// kNotFoundAtAll\n"}, "kNotFound")

    def test_finds_an_unknown_label(self):
        self.expect({"tests/CMakeLists.txt": 'set_tests_properties(a PROPERTIES LABELS "quick;sometimes")\n'}, "sometimes")

    def test_says_when_it_cannot_follow_the_braces(self):
        self.expect({"src/apply/a.cc": "void f() {\n"}, "cannot be followed")


class FunctionsTest(unittest.TestCase):
    def names(self, text):
        return [(name, last - first + 1) for name, first, last in cpp_functions.functions(text)]

    def test_counts_methods_one_by_one_in_classes_and_namespaces(self):
        text = "namespace a {\nclass B : public C {\n public:\n  int one() const { return 1; }\n  void two() {\n  }\n};\n}\n"
        self.assertEqual(self.names(text), [("one", 1), ("two", 2)])

    def test_counts_from_the_template_line(self):
        self.assertEqual(self.names("int x = 3;\n\ntemplate <class T, class U = V<int>>\nT f(T t)\n{\n}\n"), [("f", 4)])

    def test_follows_a_constructor_with_braces_in_its_initialisers(self):
        self.assertEqual(self.names("B::B(int x)\n    : a_{x},\n      b_(x) {\n}\nvoid g() {\n}\n"), [("B::B", 4), ("g", 2)])

    def test_is_not_misled_by_braces_in_text(self):
        text = 'void f() {\n  g("}{", \'{\', R"x(}})x", 1\'000\'000);  // }\n  /* } */\n}\n#define X {\nvoid h() {}\n'
        self.assertEqual(self.names(text), [("f", 4), ("h", 1)])

    def test_a_table_is_not_a_function(self):
        self.assertEqual(self.names("const Row rows[] = {\n  {f(1)},\n  {2},\n};\nenum class E { a,\n b };\n"), [])

    def test_a_lambda_with_a_name_is_a_function(self):
        self.assertEqual(self.names("const auto f = [](int a) {\n  return a;\n};\n"), [("f", 3)])

    def test_operators_and_default_arguments_are_followed(self):
        text = "bool operator==(const A& a, B b = {}) {\n}\nA& A::operator=(A&& a) noexcept {\n}\n"
        self.assertEqual([size for _, size in self.names(text)], [2, 2])

    def test_names_a_test_by_suite_and_situation(self):
        self.assertEqual(self.names("TEST(Guards, Holds) {\n}\n"), [("Guards.Holds", 2)])


if __name__ == "__main__":
    unittest.main()
