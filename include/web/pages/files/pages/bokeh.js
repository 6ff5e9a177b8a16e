// Brings BokehJS into the page when a chart is to be drawn, and not before: it is as large as all else by far.
let brought = null;

export function bokeh() {
  brought ??= bring("bokeh.min.js").then(() => bring("bokeh-api.min.js")).then(() => window.Bokeh);
  brought.catch(() => (brought = null));
  return brought;
}

function bring(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(`../${name}`, import.meta.url);
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${name} could not be loaded`));
    document.head.append(script);
  });
}
