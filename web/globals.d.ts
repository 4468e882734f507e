import UPlotClass from "uplot";

declare global {
  // uplot.js is run when `uPlot` is first asked for: see README.md, "One file".
  var uPlot: typeof UPlotClass;
  type Plot = UPlotClass;
  type PlotOptions = UPlotClass.Options;
}
