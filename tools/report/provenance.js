// Where everything came from; and the start of the page.

function writeProvenance() {
  const { provenance, head } = data, section = byId("provenance");
  const program = [provenance.program_version, provenance.program_git && `(git ${provenance.program_git})`].filter(Boolean).join(" ");
  const facts = [["Data set id", head.dataset_id], ["Made by", program && `mirst ${program}`], ["Layout", head.layout],
    ["Seed", program && String(provenance.seed)], ["Mask convention", provenance.mask_convention],
    ["Files with SHA-256 in the manifest", provenance.hashed_files ? whole(provenance.hashed_files) : ""]];
  section.append(html("dl", {}, ...facts.filter(([, value]) => value).map(([name, value]) =>
    html("div", {}, html("dt", {}, name), html("dd", {}, value)))));
  const splits = (source) => Object.entries(source.splits).map(([split, count]) => `${split || "no split"} ${count}`).join(", ");
  const short = (hash) => (hash ? html("code", { title: hash }, hash.slice(0, 16)) : "–");
  section.append(html("h3", {}, "Background sources"), plainTable(["Source", "Kind", "Path", "Sequences by split", "Licence", "SHA-256"],
    provenance.sources.map((one) => ({ cells: [one.source, one.kind || "–", one.path || "–", splits(one), one.licence, short(one.sha256)] })),
    () => true));
  if (provenance.models.length) {
    section.append(html("h3", {}, "Target models"), plainTable(["Model", "Sequences", "Licence", "SHA-256"],
      provenance.models.map((one) => ({ cells: [one.path, one.sequences, one.licence, short(one.sha256)] })), (column) => column !== 1));
  }
  section.append(html("p", { class: "hint" }, "Licences are those that a README beside the files states now; \"not stated\" is no permission."));
  if (Object.keys(provenance.config).length) {
    section.append(html("details", {}, html("summary", {}, "Resolved options"), html("pre", {}, JSON.stringify(provenance.config, null, 1))));
  }
}

writeOverview();
writeFilter();
writePlayer();
applyFilter();
writeDetection();
writeTraining();
writeProvenance();
for (const section of document.querySelectorAll("main > section:not([hidden])"))
  document.querySelector("nav").append(html("a", { href: `#${section.id}` }, section.querySelector("h2").textContent));
document.body.dataset.ready = "yes";
