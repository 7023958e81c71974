/* 手术申请字段组。住院医生站的申请单页面引入本文件，见 docs/station-integration.md。
   ES5，Chromium 49 起可用；不依赖其他文件，不写内联样式，不注册快捷键，不改动宿主页面。
   本文件由 his_plugin/js 各文件按序连接而成（python -m his_plugin.field_script）。 */

var WAIT = 300;        // after the last change, before asking
var TIMEOUT = 8000;    // no answer by then: 暂时无法核对
var UNKNOWN = "9";
var ELEMENT = "yw-surgery-field";
var MOST_IN_A_ROW = 4; // more choices than that are a list
// Said before the portal has sent its words, or because it cannot be reached.
var EARLY = {
  title: "手术申请核对", origin: "医务管理系统", unknown: "暂时无法核对",
  unknown_why: "医务管理系统没有应答，手术申请可照常提交，由医生站按本院规定处理",
  asked_at: "核对时间", reading: "正在连接医务管理系统", posted_page: "打开手术申请核对页"
};

var here = document.currentScript || lastScript();
var portal = here.src.replace(/\/static\/.*$/, "");

function lastScript() {
  var all = document.getElementsByTagName("script"), i;
  for (i = all.length - 1; i >= 0; i -= 1) {
    if (/\/his_plugin\/field[^\/]*\.js/.test(all[i].src)) { return all[i]; }
  }
  return all[all.length - 1];
}
