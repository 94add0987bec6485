// The outbox page: what waits on this phone, how long, and why.
const box=$("[data-outbox]"),none=$("[data-none]");
const age=at=>{
const m=Math.floor((Date.now()-at)/6e4);
return m<1?T.now:m<60?T.minutes.replace("%n",m):m<2880?T.hours.replace("%n",Math.floor(m/60)):T.days.replace("%n",Math.floor(m/1440));
};
// What the server said, in its own words.
const why=html=>{
const page=new DOMParser().parseFromString(html,"text/html"),said=$(".errors ul",page)||$("main",page)||page.body;
return $$("li",said).map(l=>l.textContent).join("；")||said.textContent.slice(0,300);
};
const row=e=>{
const tone={refused:"bad",signin:"warn",sending:"info"}[e.state]||"plain",photos=e.fields.filter(f=>f[1] instanceof Blob).length;
const act=(label,kind,onclick)=>make("button",{type:"button",className:"btn "+kind,onclick},label);
const line=make("div",{className:"g"},make("b",{},e.name)," ",make("span",{className:"tag "+tone},T[e.state]),make("p",{},age(e.at)+(photos?" · "+T.photos.replace("%n",photos):"")));
if(e.html)line.append(make("p",{className:"err"},why(e.html)));
return make("div",{className:"entry"},make("div",{className:"cell"},line),make("div",{className:"row"},
act(T.retry,"q",async()=>{await put({...e,state:"waiting"});draw();pump()}),
// While it is being changed it is not sent. A photo is taken again.
e.only?"":act(T.edit,"q",async()=>{await put({...e,refused:e.refused||e.state==="refused",state:"refused"});location=e.page.split("#")[0]+"#outbox="+e.seq}),
act(T.drop,"r",async()=>{if(confirm(T.sure)){await drop(e.seq);draw()}})));
};
const draw=async()=>{
const all=user?await entries(user).catch(()=>[]):[];
$$(".entry").forEach(e=>e.remove());
box.append(...all.map(row));
none.hidden=all.length>0;
};
addEventListener("outbox",draw);
draw();
setInterval(draw,3e4);
