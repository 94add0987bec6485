// Opens an entry of the outbox again in its form. Loaded only when the address asks for it.
(async()=>{
const m=/^#outbox=(\d+)$/.exec(location.hash),e=m&&await entry(+m[1]);
if(!e||e.user!==user)return;
const f=$$("form[data-offline]").find(f=>path(f.action)===e.action);
if(!f)return;
f.dataset.seq=e.seq;
// A refused entry left nothing behind, so it may go as a new one; one that may have arrived keeps its token.
$$("input[type=checkbox],input[type=radio]",f).forEach(i=>i.checked=false);
for(const [name,value] of e.fields){
if(name==="op_id"){$("[name=op_id]",f).value=e.refused?mint():value;continue}
const all=[...f.elements].filter(i=>i.name===name);
if(value instanceof Blob){try{const bag=new DataTransfer();bag.items.add(value);all[0].files=bag.files;show(all[0])}catch(_){}}
else for(const i of all)/radio|checkbox/.test(i.type)?i.checked=i.checked||i.value===value:i.type!=="file"&&(i.value=value);
}
})();
