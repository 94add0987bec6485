// Where the phone is, for forms that ask: measured at once where that is allowed already, otherwise when the
// form is sent. After ten seconds the form goes without.
const fixes=new WeakMap();
const locate=box=>{
const f=box.closest("form"),say=(state,text)=>{
box.dataset.state=state;
$("[role=status]",box).textContent=text;
};
if(fixes.has(f))return fixes.get(f);
say("",T.wait);
const job=new Promise(ok=>navigator.geolocation.getCurrentPosition(({coords:c,timestamp})=>{
const m=Math.round(c.accuracy),set={lat:c.latitude,lng:c.longitude,accuracy:m,fix_at:Math.round(timestamp)};
for(const name in set)f.elements[name].value=set[name];
// Flat enough for the few kilometres that matter.
const[lat,lng]=box.dataset.locate.split(","),d=Math.hypot(lat-c.latitude,(lng-c.longitude)*Math.cos(lat/57.3))*111.2;
say("good",(d<1?box.dataset.near.replace("%d",Math.round(d*1e3)):d?box.dataset.far.replace("%d",d.toFixed(1)):T.good).replace("%m",m));
// A fix grows old; the next try measures again.
setTimeout(()=>fixes.delete(f),6e4);
ok();
},e=>{
say("bad",e.code===1?T.denied:T.failed);
fixes.delete(f);
ok();
},{enableHighAccuracy:true,timeout:1e4,maximumAge:3e4}));
fixes.set(f,job);
return job;
};
if(navigator.geolocation){
before.push(f=>{const box=$("[data-locate]",f);return box&&locate(box)});
if(navigator.permissions)fit(()=>navigator.permissions.query({name:"geolocation"}).then(p=>p.state==="granted"&&$$("[data-locate]").forEach(locate)).catch(()=>{}));
}
