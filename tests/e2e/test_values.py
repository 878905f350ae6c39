"""Values between nodes: large ones, vectors, objects, and parts of them."""
import base64
import json

import pytest

LARGE = """\
flow: make; (first || second; third)
parameter: {size: long = 100000000}
tasks:
  make:
    parameter: {size: long = size}
    calculation: |
      unsigned char *data = malloc((size_t)size);
      if (!data)
          flow_fail("no memory");
      for (long i = 0; i < size; i++)
          data[i] = (unsigned char)(i * 7 + i / 1000);
      flow_value v = flow_bytes(data, (size_t)size);
      free(data);
      return v;
  first: {parameter: {b: buffer = make}, calculation: 'FLOW_LIST(b.size, check(b))'}
  second: {parameter: {v: value = make}, calculation: v}
  third: {parameter: {b: buffer = second}, calculation: 'FLOW_LIST(b.size, check(b))'}
code: |
  static bool check(flow_buffer b)
  {
      const unsigned char *p = b.data;
      for (size_t i = 0; i < b.size; i += 997)
          if (p[i] != (unsigned char)(i * 7 + i / 1000))
              return false;
      return true;
  }
"""


@pytest.mark.parametrize("isolation", ["worker", "process", "none"])
def test_a_hundred_megabytes_pass_between_nodes(shop, isolation):
    program = shop.compile(LARGE, "-w", name="large")
    done = shop.run(program, "-j2", "--store", "none:", "--isolation", isolation)
    assert done.out.count("[100000000,true]") == 2


def test_a_large_value_is_kept_beside_the_store(shop):
    program = shop.compile(LARGE, "-w", name="large")
    shop.run(program, "-j2", "size=20000000")
    nodes = shop.store().nodes("large")
    assert nodes["third"]["result"]["value"] == [20000000, True]
    reference = nodes["make"]["result"]["value"]
    text = (shop.folder / ".flow" / "store.db.files" / reference["$file"]).read_text()
    assert reference["size"] == len(text), "as the store would have it: JSON, bytes in base64"
    data = base64.b64decode(json.loads(text)["$binary"]["base64"])
    assert len(data) == 20000000
    assert data[-1000:] == bytes((i * 7 + i // 1000) & 255 for i in range(19999000, 20000000))


VECTORS = """\
flow: make; (sum || ints || each || part); back
tasks:
  make:
    calculation: |
      double x[1000];
      int64_t n[3] = {-1, 0, INT64_MAX};
      for (int i = 0; i < 1000; i++)
          x[i] = i / 4.0;
      return FLOW_OBJECT("x", flow_doubles(x, 1000), "n", flow_ints(n, 3));
  sum:
    parameter: {vector: value = make.x}
    calculation: |
      size_t n;
      const double *x = flow_get_doubles(vector, "", &n);
      double sum = 0;
      for (size_t i = 0; i < n; i++)
          sum += x[i];
    return: {value: {sum: sum, n: n}}
  ints:
    parameter: {n: value = make.n}
    calculation: |
      size_t count;
      const int64_t *numbers = flow_get_ints(n, "", &count);
      return flow_ints(numbers, count);
  each:
    parameter: {all: value = make}
    calculation: |
      double sum = 0;
      for (struct flow_iter it = flow_each(flow_get(all, "x")); flow_next(&it);)
          sum += flow_get_double(it.value, "");
    return: {value: sum}
  part: {parameter: {x: "double = make.n[0]", y: "double = make.x[999]"}, calculation: x + y}
  back: {parameter: {n: value = ints}, calculation: 'FLOW_LIST(flow_length(n), n)'}
"""


def test_vectors(shop, store):
    program = shop.compile(VECTORS, name="vectors")
    shop.run(program, "--store", store.uri)
    value = {n: d["result"]["value"] for n, d in store.nodes("vectors").items()}
    total = sum(i / 4 for i in range(1000))
    assert value["make"] == {"x": [i / 4 for i in range(1000)], "n": [-1, 0, 2**63 - 1]}
    assert value["sum"] == {"sum": total, "n": 1000} and value["each"] == total
    assert value["ints"] == [-1, 0, 2**63 - 1] and value["back"] == [3, [-1, 0, 2**63 - 1]]
    assert value["part"] == -1 + 999 / 4


def test_objects_and_their_parts(shop):
    program = shop.compile(r"""
flow: make; (field || deep || has || text)
tasks:
  make:
    calculation: |
      flow_builder *b = flow_list_new();
      for (int i = 0; i < 3; i++)
          flow_add(b, FLOW_OBJECT("x", i, "name", "p\u00fcnkt"));
      return FLOW_OBJECT("points", flow_built(b), "a.b", 1, "", 2, "json",
                         flow_json("{\"k\": [null, {\"z\": -0.5e3}]}"));
  field: {parameter: {name: "string = make.points[2].name"}, calculation: name}
  deep: {parameter: {z: "double = make.json.k[1].z"}, calculation: z}
  has:
    parameter: {v: value = make}
    calculation: |
      return FLOW_LIST(flow_has(v, "points[2]"), flow_has(v, "points[3]"), flow_has(v, "nope"),
                       flow_length(v));
  text: {parameter: {v: value = make}, calculation: 'flow_to_json(flow_get(v, "json"))'}
""", name="objects")
    shop.run(program)
    value = {n: d["result"]["value"] for n, d in shop.store().nodes("objects").items()}
    assert value["make"]["points"][1] == {"x": 1, "name": "pünkt"}
    assert value["make"]["a.b"] == 1 and value["make"][""] == 2
    assert value["field"] == "pünkt" and value["deep"] == -500
    assert value["has"] == [True, False, False, 4]
    assert value["text"].replace(" ", "") == '{"k":[null,{"z":-500.0}]}'


@pytest.mark.parametrize("code, said", [
    ('flow_get_int(v, "points[7].x")', "points[7]"), ('flow_get_int(v, "name")', "name"),
    ('flow_get_int(v, "half")', "half"), ('flow_get_string(v, "half")', "half"),
    ('flow_get(v, "points[x")', "points"), ('flow_json("{")', "JSON")])
def test_what_cannot_be_read_says_so(shop, code, said):
    program = shop.compile(f"""\
flow: make; use
tasks:
  make: {{calculation: 'FLOW_OBJECT("name", "n", "half", 0.5, "points", FLOW_LIST(1))'}}
  use: {{parameter: {{v: value = make}}, calculation: '(void)v, {code}'}}
""", "-w", name="wrong")
    shop.run(program, status=1)
    assert said in shop.store().nodes("wrong")["use"]["message"]


def test_a_parsed_output_of_many_lines(shop):
    program = shop.compile("flow: a; b\ntasks:\n  a: {command: seq 200000, parse: lines}\n"
                           "  b: {parameter: {l: value = a, last: 'string = a[199999]'}, "
                           "calculation: 'FLOW_LIST(flow_length(l), last)'}\n", name="lines")
    shop.run(program)
    assert shop.store().nodes("lines")["b"]["result"]["value"] == [200000, "200000"]
