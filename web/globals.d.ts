import UPlotClass from "uplot";

declare global {
  // uplot.js is a classic script that comes before the modules: see README.md, "One file".
  var uPlot: typeof UPlotClass;
  type Plot = UPlotClass;
  type PlotOptions = UPlotClass.Options;
}
