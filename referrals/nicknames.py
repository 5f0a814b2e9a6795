"""Which first names are forms of one another: short forms, and what neighbours make of a name (C10).

A line (with its indented rest) is one name: its full form, then what people who bear it are called, folded as
A line (with its indented rest) is one name: its full form, then what its bearers are called, folded as
in its own alone.
"""

FORMS = """
abraham abe bram abram ibrahim
adam ad adas
adelaide heidi adele ada adelheid della
adrian adriaan arie ad
agnes agnieszka aga agata ines
albert al bert bertie alberto albrecht adalbert
alexander alex alec alexandre alessandro alejandro aleksander aleksandar aleksandr oleksandr sandro sander
    sasha sascha xander lex olek sandy ale
alexandra alex alexa aleksandra oleksandra alessandra alejandra sandra sasha sascha ola sandy lexi
alexei aleksey alexey aleksei alyosha lyosha alex alexis
alfred al alf alfie fred freddie alfredo
alice ali lise alicja alicia alisa
andreas andrew andy drew andrei andrey andrzej andre andres ondrej andras anders jedrzej
anna ann anne annie ania anja anya anka hania hanna hannah anneke anouk annette anita aneta
anthony tony antonio anton antoine antoni toni ton antek toon antonin
antonia toni tonia tosia antoinette antonina
arthur art artie artur arturo arek
augustine gus august augusto augustin agustin
barbara barb babs basia barbie bara babette
benedict ben benedikt bennet benedetto benoit
benjamin ben benji benny benno beniamino
bernard bernie bernd ben bernhard bernardo nard
bartholomew bart bartosz bartek bartlomiej bartolomeo
brigitte brigid bridget gitte birgit biddy brygida birgitta britta
carl karl charles chuck charlie carlos carlo karel karol chas chaz
caroline carol carrie karolina lina carolina karoline caro lien
catherine katherine kathryn kate katie kathy cathy kat kasia katarzyna katarina katharina katja katya kati
    kaja karin ekaterina catarina caterina catalina karen trijntje katrin kathrin kitty
cecilia cecile celia cilla cis cecylia sile
charlotte lotte lottie charlie charlotta carlotta szarlota
christian chris kristian cristian krystian christiaan
christina christine chris tina kristina kristin krystyna cristina kirsten christa kristen
christopher chris kit christoph kristof kris krzysztof topher christophe cristobal stoffel krzysiek kristoffer
    christoffer cristoforo
claudia claude klaudia claudine
cornelis cor kees cornelius corneel cees niels nelis
cornelia cora corrie nel nelly conny kornelia
constantine konstantin kostas costas constantin konstantinos kosta dinos
daniel dan danny dani danilo daniil danko daniele
daniela danielle dani danuta danka daniele
david dave davy davide dawid davey
deborah debbie deb debora debra
dennis denis den denny dionisio
dorothy dorothea dot dottie thea dora dorota doris dorothee
dominic dominik nick dom domenico dominique domingo domen
donald don donnie donny
eduard edward ed eddie ted teddy ned eduardo edoardo edek eddy edouard edvard
eleanor ellie nell nora eleonora lena eleonore leonor
elizabeth elisabeth liz lizzie beth betty betsy eliza lisa lise ela elzbieta ilse liesbeth els elsa elisa
    elisabetta lies lisbeth libby bettina sissi erzsebet alzbeta
emily em emmy emilia emilie millie emma
emil emilio emile emiliano
eric erik rick erich eryk erick
ernest ernie ernst ernesto erno
eugene gene eugenio evgeny yevgeni evgeni zhenya
eva eve evelyn ewa evi evita evelien evelyne ewelina
felix feliks felice
ferdinand ferdi fernando fernand nando ferdie
florian flo flori floriano
frances fran francesca franziska francisca franka fanny franciszka francine cesca zissi
francis frank frans franz francesco francisco paco pancho franco franek franciszek ferenc francois kiko
    frantisek fran
frederick frederik fred freddie fritz friedrich federico rik fryderyk frits frederic fredrik rick
gabriel gabe gabriele gab gavriel
gabriella gaby gabi gabriela gabrielle ella
george georg jorge jorg jerzy jurek giorgio joris yuri georges jiri gheorghe georgios yiorgos gyorgy
gerard gerry ger gerd gerhard gerardo gert gerrit geert gerardus
gerald jerry gerry geraldo
gertrude trudy gertie truus gerda gertruda trude traudl
gregory greg grzegorz gregor gregorio grigory grisha gregoire grzesiek
gunther gunter gunnar
gustav gus gustaf gustavo guus gustave gucio
helen helena helene lena nell hella leni ilona elena yelena alyona heleen ellen jelena hela lenka eleni
henry harry hank hal henri enrique enrico heinrich hendrik henk heinz henryk rik henrik heiko hein
herbert bert herb heribert
herman hermann harm armand ermanno manus
hubert bert hub huib huub umberto
ignatius ignacio ignacy ignaz nacho iggy ignazio
irene irena rena irina ira iren
jacob jakob jaap jack jake jacques jakub kuba giacomo iago jacopo jaco kobus
james jim jimmy jamie jaime jimmie jem
jane jean janet jenny jana jeanne juana janina giovanna ivana jeannette janneke
johanna joanna joan jo hanna hanneke asia joasia johana janna jopie joke
jeffrey jeff geoff geoffrey jeffery
jeremy jerry jeremiah jem jeremias
jennifer jen jenny jenna jennie
jerome hieronymus jeroen hieronim jero gerolamo
jessica jess jessie
joachim jochen jochem achim joaquin joakim gioacchino
johannes john johan johann hans hannes jan jack johnny jon juan jean giovanni gianni ivan janek honza joao
    jens janos ioannis yannis hansi vanya joop sean evan ian ion
jonathan jon jonny johnny nathan jonatan
joseph joe jos joey josef jozef giuseppe guiseppe jose pepe sepp beppe beppo joop josip jef yusuf josephus
    jupp pino
josephine josie josefine josefa jo fien josephina giuseppina pepa jozefina fifi
joshua josh josue giosue
judith judy judit jutta
julian jules julien juliano giuliano
julia julie juliet giulia julka juliette yulia jule
julius jules giulio julio juliusz
justin justus giustino justyn
karsten carsten kersten
kenneth ken kenny kenji
klaus claus klaas nikolaus nicolaas
nicholas nick nicolas nico niko nikolaus nicolaas nikolai mikolaj nicola niklas niels nils miklos nikolaos
    nicky kolya
laura lora laurie laure lore loretta laurette
laurence lawrence larry laurent lars lorenzo lorenz laurens lourens wawrzyniec lou rens lauri
leonard leo len lenny leonardo leon lenart leonhard leendert lennart leonid lyonya
leopold leo poldi leopoldo pol
louis lou luis luigi ludwig lodewijk ludovic gigi luigino ludwik lewis lajos louie luca ludek wiek
louise lou luisa louisa lulu luiza ludovica
lucas luke luca luc luka lukas lukasz luk
lucia lucy lucie luce lucja lucille lucinda
magdalena maggie lena magda madeleine madalena maddalena madeline magali
manuel manny emanuel manolo immanuel manu emmanuel emanuele
marcel marcin marcello marcelo
margaret maggie meg peggy greta margarita margot margarete margriet gretel rita marga malgorzata gosia
    marguerite margherita marge madge griet margareta margrit grietje magret gretchen daisy
marc mark marco marek markus marcus marko marcos
maria mary marie mia molly marija mariya maryam marysia mieke ria maike miep masha maja manja mariska marieke
    mariella marijke
martin marty martijn marten maarten martino marcin martins morten martyn
martina marta tina martha martine martyna
matthew matt matteo mattheus matthias mateusz mathieu mateo thijs matthijs matty mats mathias matias matyas
    matej matti hias
maurice mo maurits mauricio maurizio moritz maurycy morris
maximilian max maxim maks maksymilian massimo massimiliano maximiliano maxi maxime maksim
melanie mel mellie melania
michael mike mick mickey mikael michal miguel michele michel misha mikhail michiel mihai giel micha mitch
    mikey maik mihaly mikel mischa
michaela michelle micaela michalina shelly mikaela michele
monica monika mona moni monique
natalia natalie nat natasha nathalie natalya talia natascha
nathaniel nate nathan nat nataniel
olivia liv livia oliwia olive ollie
oliver ollie olivier oliviero oliwier olli
oscar oskar ossi
otto otis ottone odo
patricia pat patty trish tricia patrycja patrizia patsy patti
patrick pat paddy patricio patryk patrik patrizio rick
paul pablo pawel paolo pavel paulus pauli pal paulo pol pau pavol
paula pauline paulina paola polly pola paulette
peter pete pieter piotr pedro pietro pierre piet petr petros per peer petter piotrek petar pyotr pekka peder
    petya
philip phil filip felipe filippo philippe flip philipp pip phillip
raphael rafael raf rafal raffaele rafa raffaello
raymond ray raimund ramon raimondo reimond
rebecca becky becca bec rebekka rebeka
reinhard reinier rainer reiner reinhardt
richard rick dick rich ricardo riccardo ryszard rik ricky richie rysiek rickard rikard
robert bob bobby rob robbie bert robin roberto robby robrecht
roderick rod rory rodrigo
roland rolf rollo orlando rolando roeland roel
ronald ron ronnie ronny ronaldo rinaldo reginald
rosemary rose rosie rosa rosalie roos rozalia rosalia rosemarie
rudolf rudi rudy rolf ruud rodolfo rudolph
samuel sam sammy samuele sami shmuel
samantha sam sammie mantha
sarah sara sally sadie sal zara
sebastian seb bas basti bastian sebastien sebastiaan sebastiano bastien seba
sergei serge sergio sergey serhiy seryozha sergiusz
simon si simone szymon simeon semyon siem shimon ximeno
sophia sofia sophie zofia zosia sofie fie sofija sonja sonia sonya
stanislav stan stanislaw staszek stas stanko slava
stephanie steph stefanie stefania steffi fanny stephania estefania stepanka
steven steve stephen stefan stephan stefano esteban etienne stef szczepan stevie istvan stepan stijn steef
    steffen pista
susanna susan sue susie suzy zuzanna suzanne sanne susanne zuza sus zsuzsanna susana zuzana sanna susi
sylvia silvia sylwia syl silvie sylvie
tanya tatiana tania tatjana tetyana
tadeusz tadek thaddeus tad thad tadeo taddeo
terence terry terrence terrance
theodore ted teddy theo theodor teodor fyodor dorus fedor todor teodoro teo
theresa teresa terry tess tessa therese resi trees teresita terezia tereza thea theresia
thomas tom tommy tomas tomasz tommaso tomek thom tomi toma tamas
timothy tim timo timmy timotheus timoteo timothee timofey
ulrich uli ulrik ulli udo ulric oldrich
ulrike uli ulla ulrika
urszula ursula ula uschi ulla orsola ursel
valentin val valentino walenty valentijn valya
valeria valerie val waleria valery valeriya lera
veronica vera vero ronnie weronika veronika veronique nika roni
victor vic vittorio viktor wiktor vik vitya
victoria vicky tori vittoria wiktoria viktoria vicki viki vika vita
vincent vin vince vinnie vincenzo vicente wincenty cent enzo vinzenz
vladimir vova volodya volodymyr wlodzimierz vladi wladimir vlad wlodek
vaclav vaclaw wenzel venceslas vasek waclaw wacek
walter walt wally wout gualtiero wouter walther valter
wilhelmina mina wil minnie willemijn wilma helma guillermina mien vilma
william bill billy will willy wim willem wilhelm guillaume guglielmo guillermo liam vilhelm wil willi vilem
    willie
wojciech wojtek adalbert vojtech voytek wojtas
zbigniew zbyszek zbig zbych
zachary zach zack zachariah zac
yvonne ivonne evon iwona yvette
vasily vasya basil vasil vasilis bazyli wasilij basile
dmitri dima mitya dmitry dmytro dimitri dimitris dimitrios demetrio
nadia nadezhda nadja nadya nadine nadezda
olga olya olha helga
pamela pam pammy
cynthia cindy cyntia
kimberly kim kimmie kimberley
abigail abby gail abbie
allison ali allie alison
bradley brad lee
cameron cam cammie
clifford cliff clive
douglas doug duggie
edmund ed ned edmond edmondo odmund
gilbert gil bert gilberto gijsbert gijs wilbert
leslie les lesley
mitchell mitch mitchel
nicole nicky nikki nicola nicolette coco nika
phyllis phil phylis
russell russ rusty
stuart stu stewart
sydney sid sidney
tobias toby tobi tobiasz tobia
virginia ginny ginger virginie wirginia
wesley wes lee
jaroslav jarek jaroslaw jaro yaroslav slava
miroslav mirek miroslaw miro slava
ladislav laszlo wladyslaw wladek laci ladislaus vladislav
"""

# First names that have no forms above. Two names that are both known are no slip of the pen of each other.
OTHERS = """
agata ahmed aisha alan ali alma amalia amir amy anita arne astrid aurora axel beata beatrice bianca bjorn
boris bruno camilla carina carla celeste chiara claire clara clemens colin damian daphne darek daria dean
diana dina dirk dolores dora doreen doris dusan edgar edith egon ekrem elke elmar elvira emre enes erica erika
erwin esther fabian fabio fatima fatma fiona flora gavin georgia georgina gina gisela giulio glenn gloria
grace graham guido hakan harriet hassan heather hedwig hilda holger horst hugo ida ilka ilse inga inge ingrid
iris isabel isabella isla ivana ivo ivy jasmin jason joel jolanda jonas josefin joyce juliana justina justyna
kai karla kevin kurt lara larissa leila lia liam lidia lila lilian linda linus lisbet lola lothar ludmila
lydia mara marian mariana marianne marina mario marion marisa marius marlene marvin mattia max maya mehmet
meike merel mila milan milena milos mina mira miranda miriam mirjam mohamed muriel mustafa myra nadine
nathalia nelson nina noah noel noemi nora norbert norma nuno ola oona orla osman ottilie pablo paloma petra
petronella pia ralf ralph ramona regina renata renate rene rita romain roman romana roxana ruben ruth sabina
sabine sabrina sandrine selma serena silke silvan silvana simona simone solveig sonia stella sven svenja
tamara tara tessa thekla theodora thorsten tom tristan ute uwe valentina vanessa vera verena viola violet
vivian walburga wanda wendy wilfried wolfgang yann yara yasmin yolanda yusuf zeynep zita zoe
"""
