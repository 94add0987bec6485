// A conversation opens at its end, and is read once somebody looks at it.
$$("[data-talk]").forEach(list=>{
const d=list.dataset,seen=()=>{
if(document.hidden||!d.talk)return;
fetch(d.talk,{method:"POST",body:new URLSearchParams({op_id:d.op})});
d.talk="";
};
scrollTo(0,root.scrollHeight);
if(!stored){seen();document.addEventListener("visibilitychange",seen)}
const area=$("#say textarea");
if(!area)return;
const fit=()=>{area.style.height="auto";area.style.height=area.scrollHeight+2+"px"};
area.addEventListener("input",fit);
area.addEventListener("keydown",e=>{if(e.key=="Enter"&&(e.ctrlKey||e.metaKey)){e.preventDefault();area.form.requestSubmit()}});
fit();
});
