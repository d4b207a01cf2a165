#include "connect/randomuser/impl/nation.h"

#include "base/text.h"

namespace streamops::connect {
namespace {

constexpr std::string_view us_female[] = {"Alice", "Brenda", "Carla", "Denise", "Erin", "Faith", "Gloria",
                                          "Hazel", "Ivy",    "Joan",  "Kelly",  "Lois", "Megan", "Nora"};
constexpr std::string_view us_male[] = {"Aaron", "Brent", "Carl", "Dwight", "Earl",  "Floyd",  "Glen",
                                        "Hugh",  "Ivan",  "Joel", "Kyle",   "Leroy", "Marcus", "Neil"};
constexpr std::string_view us_last[] = {"Adams",  "Bennett", "Carlson", "Dixon",    "Elliott",
                                        "Foster", "Graves",  "Hopkins", "Jennings", "Keller",
                                        "Lawson", "Meyer",   "Newman",  "Owens",    "Porter"};
constexpr std::string_view us_streets[] = {"Cedar St",         "Elgin St",     "Hickory Creek Dr", "Lakeview Ave",
                                           "Mockingbird Hill", "Oak Lawn Ave", "Ranchview Dr",     "Walnut Hill Ln"};
constexpr std::string_view us_cities[] = {"Abilene", "Boise",    "Cleveland", "Denton", "Eugene",  "Fresno",
                                          "Garland", "Honolulu", "Irving",    "Joliet", "Lansing", "Mesquite"};
constexpr std::string_view us_states[] = {"Alaska", "Colorado", "Georgia", "Idaho", "Kansas",
                                          "Maine",  "Nevada",   "Ohio",    "Texas", "Vermont"};

constexpr std::string_view gb_female[] = {"Abigail", "Beatrice", "Charlotte", "Daisy",   "Eleanor", "Freya",
                                          "Georgia", "Harriet",  "Imogen",    "Jessica", "Lauren",  "Matilda"};
constexpr std::string_view gb_male[] = {"Alfie",  "Barnaby", "Callum", "Declan", "Edward", "Finlay",
                                        "Gareth", "Harvey",  "Isaac",  "Jasper", "Lewis",  "Miles"};
constexpr std::string_view gb_last[] = {"Ashworth", "Bradley", "Chapman", "Dawson", "Ellis",   "Fletcher", "Gibson",
                                        "Holmes",   "Ingram",  "Jarvis",  "Knight", "Lambert", "Marsh",    "Norton"};
constexpr std::string_view gb_streets[] = {"Albert Road", "Church Street", "Grange Road",  "High Street", "King Street",
                                           "Mill Lane",   "Park Avenue",   "Station Road", "The Green"};
constexpr std::string_view gb_cities[] = {"Bath",      "Carlisle", "Derby",  "Ely",     "Gloucester", "Hereford",
                                          "Lancaster", "Norwich",  "Oxford", "Preston", "Truro",      "York"};
constexpr std::string_view gb_states[] = {"Avon", "Cumbria", "Devon", "Essex",   "Fife",
                                          "Kent", "Norfolk", "Powys", "Rutland", "Suffolk"};

constexpr std::string_view fr_female[] = {"Adèle",   "Bérénice", "Camille", "Delphine", "Élise",  "Flavie",
                                          "Garance", "Héloïse",  "Inès",    "Juliette", "Léonie", "Margaux"};
constexpr std::string_view fr_male[] = {"Antoine", "Bastien", "Corentin", "Damien", "Étienne", "Florian",
                                        "Gaspard", "Hugo",    "Jules",    "Loïc",   "Maël",    "Noé"};
constexpr std::string_view fr_last[] = {"Aubert", "Blanchard", "Charpentier", "Dubois", "Fontaine", "Garnier", "Hubert",
                                        "Joly",   "Lacroix",   "Marchand",    "Noël",   "Perrin",   "Renard"};
constexpr std::string_view fr_streets[] = {"Avenue Jean-Jaurès", "Place du Marché", "Quai des Tanneurs",
                                           "Rue de l'Abbaye",    "Rue des Écoles",  "Rue du Moulin",
                                           "Rue Pasteur"};
constexpr std::string_view fr_cities[] = {"Amiens", "Besançon", "Caen",    "Dijon",    "Grenoble", "Lille",
                                          "Metz",   "Nantes",   "Orléans", "Poitiers", "Rennes",   "Tours"};
constexpr std::string_view fr_states[] = {"Aisne", "Calvados", "Doubs",   "Finistère", "Gard",
                                          "Isère", "Loiret",   "Moselle", "Vienne"};

constexpr std::string_view de_female[] = {"Annika", "Birgit", "Carla", "Doris", "Elke",  "Frieda",
                                          "Greta",  "Hanna",  "Inga",  "Jutta", "Käthe", "Lena"};
constexpr std::string_view de_male[] = {"Armin",  "Bernd", "Christoph", "Detlef",  "Emil",   "Friedrich",
                                        "Gernot", "Heinz", "Jörg",      "Karsten", "Lothar", "Moritz"};
constexpr std::string_view de_last[] = {"Albrecht", "Baumann", "Dietrich", "Engel",  "Fuchs",   "Günther", "Hartmann",
                                        "Jansen",   "Köhler",  "Lindner",  "Müller", "Neumann", "Schäfer"};
constexpr std::string_view de_streets[] = {"Ahornweg",    "Bahnhofstraße", "Birkenweg",   "Dorfstraße", "Gartenstraße",
                                           "Hauptstraße", "Mühlenweg",     "Schulstraße", "Waldstraße"};
constexpr std::string_view de_cities[] = {"Aachen",    "Bamberg", "Chemnitz", "Dresden", "Erfurt", "Freiburg",
                                          "Göttingen", "Husum",   "Jena",     "Kassel",  "Lübeck", "Münster"};
constexpr std::string_view de_states[] = {"Bayern",        "Berlin",   "Hamburg", "Hessen",
                                          "Niedersachsen", "Saarland", "Sachsen", "Thüringen"};

constexpr std::string_view es_female[] = {"Alba",   "Beatriz",    "Carmen", "Dolores", "Elena",  "Fátima",
                                          "Gloria", "Inmaculada", "Julia",  "Lucía",   "Marina", "Nuria"};
constexpr std::string_view es_male[] = {"Alberto", "Benito", "César",   "Diego",   "Emilio",  "Fermín",
                                        "Gonzalo", "Hugo",   "Ignacio", "Joaquín", "Lorenzo", "Mario"};
constexpr std::string_view es_last[] = {"Aguilar", "Benítez",  "Cortés", "Delgado", "Esteban", "Fuentes", "Gallego",
                                        "Herrera", "Iglesias", "Lozano", "Marín",   "Navarro", "Ortega"};
constexpr std::string_view es_streets[] = {"Avenida de América", "Calle de Alcalá", "Calle de Segovia",
                                           "Calle del Prado",    "Calle Mayor",     "Paseo de Extremadura",
                                           "Ronda de Toledo"};
constexpr std::string_view es_cities[] = {"Albacete", "Burgos", "Cartagena", "Elche",  "Gijón",    "Huelva",
                                          "Jerez",    "León",   "Murcia",    "Oviedo", "Palencia", "Toledo"};
constexpr std::string_view es_states[] = {"Andalucía",   "Aragón",  "Asturias", "Cantabria",
                                          "Extremadura", "Galicia", "La Rioja", "Navarra"};

constexpr std::string_view ca_female[] = {"Amélie", "Bronwyn", "Chloe", "Danika", "Emma", "Florence",
                                          "Grace",  "Hailey",  "Isla",  "Jade",   "Leah", "Maeve"};
constexpr std::string_view ca_male[] = {"Alexis", "Benjamin", "Connor", "Dominic", "Ethan",  "Félix",
                                        "Gavin",  "Henry",    "Jacob",  "Liam",    "Nathan", "Olivier"};
constexpr std::string_view ca_last[] = {"Bouchard", "Clarke",   "Desjardins", "Fraser",    "Gagnon",
                                        "Hall",     "Kowalski", "Lavoie",     "Macdonald", "Pelletier",
                                        "Roy",      "Singh",    "Tremblay"};
constexpr std::string_view ca_streets[] = {"Bay Ave",   "Dundas Rd", "Elm St",       "Frederick Ave", "Lakeshore Rd",
                                           "Maple Ave", "Queen St",  "Victoria Ave", "Wellington St"};
constexpr std::string_view ca_cities[] = {"Almonte",  "Brandon",      "Chatham",   "Elgin",   "Fredericton",
                                          "Kingston", "Lloydminster", "Moose Jaw", "Sudbury", "Trois-Rivières"};
constexpr std::string_view ca_states[] = {"Alberta", "Manitoba", "New Brunswick", "Nova Scotia",
                                          "Ontario", "Québec",   "Saskatchewan",  "Yukon"};

constexpr std::string_view au_female[] = {"Alinta", "Bonnie", "Caitlin", "Dakota",  "Evie", "Gemma",
                                          "Holly",  "Indi",   "Kirra",   "Letitia", "Mia",  "Willow"};
constexpr std::string_view au_male[] = {"Angus",  "Brayden", "Cooper",   "Dylan", "Flynn", "Harrison",
                                        "Jarrah", "Lachlan", "Mitchell", "Noah",  "Riley", "Tyson"};
constexpr std::string_view au_last[] = {"Anderson", "Bishop", "Carter", "Doyle",    "Evans", "Fisher", "Gordon",
                                        "Harper",   "Kelly",  "Lane",   "Morrison", "Nolan", "Palmer", "Reid"};
constexpr std::string_view au_streets[] = {"Airport Road",     "Bruce Street", "Dogwood Avenue", "Fairview Street",
                                           "Kookaburra Close", "Queen Street", "Wattle Road",    "Wharf Street"};
constexpr std::string_view au_cities[] = {"Albury", "Ballarat", "Cairns", "Darwin",      "Geelong",
                                          "Hobart", "Mackay",   "Orange", "Rockhampton", "Toowoomba"};
constexpr std::string_view au_states[] = {"New South Wales", "Northern Territory", "Queensland",
                                          "South Australia", "Tasmania",           "Victoria"};

constexpr std::string_view nl_female[] = {"Anouk",  "Bente", "Carlijn", "Doortje", "Eefje",   "Femke",
                                          "Guusje", "Hilde", "Jolijn",  "Lotte",   "Maartje", "Noortje"};
constexpr std::string_view nl_male[] = {"Arjan", "Bram",  "Casper", "Dirk", "Ewout",   "Freek",
                                        "Gijs",  "Hidde", "Joost",  "Koen", "Maarten", "Niels"};
constexpr std::string_view nl_last[] = {"Bakker", "Dekker", "Evers",  "Gerritsen", "Hofman",     "Jacobs",
                                        "Kuiper", "Mulder", "Postma", "Schouten",  "Timmermans", "Visser"};
constexpr std::string_view nl_streets[] = {"Beukenlaan", "Dorpsstraat", "Eikenlaan",     "Havenstraat", "Kerkweg",
                                           "Molenweg",   "Nieuwstraat", "Stationsplein", "Wilgenlaan"};
constexpr std::string_view nl_cities[] = {"Almelo", "Breda",  "Delft",    "Emmen", "Gouda", "Hoorn",
                                          "Leiden", "Meppel", "Nijmegen", "Sneek", "Tiel",  "Zwolle"};
constexpr std::string_view nl_states[] = {"Drenthe", "Flevoland",  "Friesland", "Gelderland",
                                          "Limburg", "Overijssel", "Utrecht",   "Zeeland"};

constexpr std::string_view no_female[] = {"Astrid", "Berit",  "Dagny", "Eline", "Frøydis", "Guro",
                                          "Hedda",  "Ingrid", "Kari",  "Live",  "Maren",   "Solveig"};
constexpr std::string_view no_male[] = {"Anders", "Bjørn",    "Eirik", "Fredrik", "Gaute", "Håkon",
                                        "Jørgen", "Kristian", "Lars",  "Magnus",  "Olav",  "Sindre"};
constexpr std::string_view no_last[] = {"Aasen",  "Berge",    "Dahl",   "Eide",  "Fossum", "Gulbrandsen",
                                        "Haugen", "Johnsrud", "Kvamme", "Lunde", "Moen",   "Nygård"};
constexpr std::string_view no_streets[] = {"Bjerkealleen", "Elveveien", "Fjordgata", "Granveien", "Kirkegata",
                                           "Parkveien",    "Skogveien", "Storgata",  "Tollbugata"};
constexpr std::string_view no_cities[] = {"Alta",      "Bodø",   "Drammen", "Florø",  "Hamar",
                                          "Kongsberg", "Larvik", "Molde",   "Narvik", "Tromsø"};
constexpr std::string_view no_states[] = {"Agder",     "Innlandet", "Nordland", "Rogaland",
                                          "Trøndelag", "Vestland",  "Viken"};

constexpr std::string_view br_female[] = {"Aline",   "Bianca",  "Cecília", "Débora",  "Eliana", "Flávia",
                                          "Giovana", "Heloísa", "Jurema",  "Larissa", "Mônica", "Natália"};
constexpr std::string_view br_male[] = {"Adriano", "Breno",  "Caio", "Danilo", "Emanuel", "Fábio",
                                        "Gustavo", "Heitor", "Ivo",  "José",   "Leandro", "Murilo"};
constexpr std::string_view br_last[] = {"Almeida", "Barbosa", "Cardoso", "Duarte",   "Esteves", "Freitas",
                                        "Gomes",   "Lima",    "Moreira", "Nogueira", "Peixoto", "Rocha"};
constexpr std::string_view br_streets[] = {"Avenida Brasil", "Rua Amazonas",         "Rua Bela Vista", "Rua das Flores",
                                           "Rua Dom Pedro",  "Rua Sete de Setembro", "Travessa da Paz"};
constexpr std::string_view br_cities[] = {"Aracaju", "Belém",   "Campinas", "Diadema", "Goiânia",
                                          "Ilhéus",  "Jundiaí", "Londrina", "Manaus",  "Natal"};
constexpr std::string_view br_states[] = {"Acre",   "Alagoas",  "Bahia",   "Ceará",    "Goiás",
                                          "Paraná", "Rondônia", "Sergipe", "Tocantins"};

constexpr std::string_view nz_female[] = {"Aroha", "Brooke", "Charlie", "Ella", "Hana", "Isabella",
                                          "Kaia",  "Maia",   "Nikau",   "Ruby", "Tess", "Zara"};
constexpr std::string_view nz_male[] = {"Ari", "Blake", "Caleb",  "George", "Hunter", "Kauri",
                                        "Leo", "Mason", "Nikora", "Oscar",  "Tane",   "Theo"};
constexpr std::string_view nz_last[] = {"Bennett", "Chen",  "Davies", "Edwards", "Harris",  "Kumar",
                                        "Martin",  "Ngata", "Patel",  "Rangi",   "Thomson", "Walker"};
constexpr std::string_view nz_streets[] = {"Beach Haven Road", "Colombo Street", "Great North Road", "Manukau Road",
                                           "Queen Street",     "Rata Street",    "Tory Street"};
constexpr std::string_view nz_cities[] = {"Blenheim", "Dunedin",          "Gisborne", "Hamilton", "Napier",
                                          "Nelson",   "Palmerston North", "Tauranga", "Whangarei"};
constexpr std::string_view nz_states[] = {"Bay of Plenty", "Canterbury", "Marlborough", "Northland",
                                          "Otago",         "Southland",  "Taranaki",    "Waikato"};

constexpr Nation all[] = {
    {"US", "United States", us_female, us_male, us_last, us_streets, us_cities, us_states, "%####", true,
     "(%##) ###-####", "(%##) ###-####", "SSN", "%##-##-####"},
    {"GB", "United Kingdom", gb_female, gb_male, gb_last, gb_streets, gb_cities, gb_states, "@@% %@@", false,
     "01### ######", "07### ######", "NINO", "@@ ## ## ## @"},
    {"FR", "France", fr_female, fr_male, fr_last, fr_streets, fr_cities, fr_states, "%####", true, "0%-##-##-##-##",
     "06-##-##-##-##", "INSEE", "%############ ##"},
    {"DE", "Germany", de_female, de_male, de_last, de_streets, de_cities, de_states, "%####", true, "0%##-#######",
     "017%-#######", "SVNR", "## ###### @ ###"},
    {"ES", "Spain", es_female, es_male, es_last, es_streets, es_cities, es_states, "%####", true, "9##-###-###",
     "6##-###-###", "DNI", "########-@"},
    {"CA", "Canada", ca_female, ca_male, ca_last, ca_streets, ca_cities, ca_states, "@%@ %@%", false, "@## @##-####",
     "@## @##-####", "SIN", "#########"},
    {"AU", "Australia", au_female, au_male, au_last, au_streets, au_cities, au_states, "%###", true, "0%-####-####",
     "04##-###-###", "TFN", "#########"},
    {"NL", "Netherlands", nl_female, nl_male, nl_last, nl_streets, nl_cities, nl_states, "%### @@", false,
     "(0##) #######", "(06) ########", "BSN", "########"},
    {"NO", "Norway", no_female, no_male, no_last, no_streets, no_cities, no_states, "####", false, "########",
     "4#######", "FN", "###########"},
    {"BR", "Brazil", br_female, br_male, br_last, br_streets, br_cities, br_states, "%####", true, "(%#) ####-####",
     "(%#) 9####-####", "CPF", "###.###.###-##"},
    {"NZ", "New Zealand", nz_female, nz_male, nz_last, nz_streets, nz_cities, nz_states, "%####", true,
     "(0##)-###-####", "(0##)-###-####", "", ""},
};

}  // namespace

std::span<const Nation> nations() {
  return all;
}

const Nation* find_nation(std::string_view code) {
  for (const Nation& nation : all) {
    if (equals_ignore_case(nation.code, code)) return &nation;
  }
  return nullptr;
}

}  // namespace streamops::connect
