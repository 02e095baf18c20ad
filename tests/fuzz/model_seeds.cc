#include "tests/fuzz/fuzz_seeds.h"

namespace mirst::fuzz {

// In the order of kExtensions (model_fuzz.h).
std::vector<std::string> Seeds() {
  return {
      "mtllib none.mtl\no a\nusemtl m\nv 0 0 0\nv 4 0 0\nv 0 1 0\nv 0 0 1\nvn 0 0 1\nvt 0 0\nf 1/1/1 2/1/1 3/1/1\nf 1 "
      "2 "
      "4\nf 1 3 4\ng b\nf -1 -2 -3\n",
      "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"
      "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 0 1\nendloop\nendfacet\nendsolid a\n",
      "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\nelement face 2\n"
      "property list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 1 2\n3 0 1 3\n",
      "OFF\n4 2 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 1 2\n3 0 1 3\n",
      "AC3Db\nMATERIAL \"m\" rgb 1 1 1 amb 1 1 1 emis 0 0 0 spec 0 0 0 shi 0 trans 0\nOBJECT world\nkids 1\nOBJECT "
      "poly\n"
      "name \"hull\"\nnumvert 4\n0 0 0\n1 0 0\n0 1 0\n0 0 1\nnumsurf 2\nSURF 0x10\nmat 0\nrefs 3\n0 0 0\n1 0 0\n2 0 0\n"
      "SURF 0x10\nmat 0\nrefs 3\n0 0 0\n1 0 0\n3 0 0\nkids 0\n",
      "<?xml version=\"1.0\"?><COLLADA xmlns=\"http://www.collada.org/2005/11/COLLADASchema\" version=\"1.4.1\"><asset>"
      "<unit name=\"meter\" meter=\"1\"/><up_axis>Z_UP</up_axis></asset><library_geometries><geometry id=\"g\"><mesh>"
      "<source id=\"p\"><float_array id=\"pa\" count=\"12\">0 0 0 1 0 0 0 1 0 0 0 1</float_array><technique_common>"
      "<accessor source=\"#pa\" count=\"4\" stride=\"3\"><param name=\"X\" type=\"float\"/><param name=\"Y\" "
      "type=\"float\"/>"
      "<param name=\"Z\" type=\"float\"/></accessor></technique_common></source><vertices id=\"v\"><input "
      "semantic=\"POSITION\" source=\"#p\"/></vertices><triangles count=\"2\"><input semantic=\"VERTEX\" source=\"#v\" "
      "offset=\"0\"/><p>0 1 2 0 1 3</p></triangles></mesh></geometry></library_geometries><library_visual_scenes>"
      "<visual_scene id=\"s\"><node id=\"n\"><instance_geometry "
      "url=\"#g\"/></node></visual_scene></library_visual_scenes>"
      "<scene><instance_visual_scene url=\"#s\"/></scene></COLLADA>",
      "{\"asset\":{\"version\":\"2.0\"},\"scene\":0,\"scenes\":[{\"nodes\":[0]}],\"nodes\":[{\"mesh\":0}],\"meshes\":[{"
      "\"primitives\":[{\"attributes\":{\"POSITION\":0},\"mode\":4}]}],\"accessors\":[{\"bufferView\":0,"
      "\"componentType\":5126,"
      "\"count\":3,\"type\":\"VEC3\",\"min\":[0,0,0],\"max\":[1,1,0]}],\"bufferViews\":[{\"buffer\":0,\"byteLength\":"
      "36}]"
      ","
      "\"buffers\":[{\"byteLength\":36,\"uri\":\"data:application/octet-stream;base64,"
      "AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA\"}]}",
      "targets: [{name: model, class: bird, up: +z, forward: x, length_m: 2}]\nclasses:\n  bird: {plausible_length_m: "
      "[1, 3], "
      "shape: flat}\nparts:\n  - {part: '*', zone: {name: tip, x: [0, 0.5]}, temperature_k: 400, emissivity: 0.5}\n"
      "  - {above_air_k: -3}\nmotions:\n  - {part: '*', axis: [0, 0, 1], pivot: [0, 0, 0], rate_hz: 3, swing_deg: "
      "20}\n"};
}

}  // namespace mirst::fuzz
