// Static figures: drawn by the run, unpacked one after the other once the page stands.

async function loadFigures() {
  for (const image of document.querySelectorAll("img[data-block]")) {
    const bytes = await blockBytes(image.dataset.block);
    image.src = URL.createObjectURL(new Blob([bytes], { type: "image/svg+xml" }));
  }
}

// The chart library travels packed; the page's policy admits it by its hash.
async function loadLibrary() {
  const script = document.createElement("script");
  script.textContent = await blockText("library");
  document.head.append(script);
}

function failed(error) {
  document.documentElement.dataset.ready = "failed";
  const told = document.getElementById("explore-failed");
  if (told) told.hidden = false;
  console.error(error);
}

const explores = document.getElementById("explore") !== null;
try {
  if (explores) await loadLibrary();
} catch (error) {
  failed(error);
  await loadFigures();
  return;
}
if (!explores) {
  await loadFigures();
  document.documentElement.dataset.ready = "yes";
  return;
}
